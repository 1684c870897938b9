import { markShown } from './mark-shown.ts';
import { type PageSession, runInPage } from './run-in-page.ts';

/** A page may go elsewhere while it is read. */
const tries = 3;
/** What is left to read a page with when its time is nearly over. */
const leastMs = 2_000;

/**
 * The page as HTML, as it is displayed: what is not seen is marked (see `shown-marks.ts`). `null` for one that cannot be
 * read in time. Throws when the page is gone.
 */
export async function shownHtml(page: PageSession, ms: number): Promise<string | null> {
  const most = Math.max(ms, leastMs);
  for (let tried = 1; ; tried++) {
    try {
      const html = await runInPage(page, markShown(most, null), most * 1.5);
      return typeof html === 'string' ? html : null;
    } catch (error) {
      if (tried === tries) throw error;
    }
  }
}
