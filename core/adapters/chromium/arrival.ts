import { setTimeout as sleep } from 'node:timers/promises';
import type { Page, Response } from 'playwright-core';
import { standInFace } from '../../sources/reading/stand-ins.ts';
import type { WallFace } from '../../sources/reading/wall-faces.ts';
import { wallIn, wallOf } from '../../sources/reading/walls.ts';

/** How long a challenge may take that passes by itself. */
const longestMs = 10_000;
const lookEveryMs = 200;

/** What a page that has just come is: the one that was wanted, as far as is known, or one in its place. */
export type Arrival = 'page' | 'wall' | 'notice' | 'mention';

/**
 * Looks at a page that has just come. A challenge that a browser passes by itself is waited for, by doing nothing, and then the
 * page behind it is looked at. `wall`: a captcha, or the challenge stays; it is the answer, and nothing is solved. `notice`:
 * the page says that it is under maintenance, or that there is none. `mention`: some words or a box on it say the like, which
 * may be in a corner of a page whose data are still to come.
 */
export async function arrivalOf(page: Page, documentNow: () => Response | null, left: () => number): Promise<Arrival> {
  let seen = documentNow();
  let look = seen && (await lookAt(page, seen));
  const until = performance.now() + Math.min(longestMs, left());
  while (look?.wall?.passes && performance.now() < until) {
    await sleep(lookEveryMs);
    const now = documentNow();
    if (now === null || now === seen) continue;
    seen = now;
    await page.waitForLoadState('domcontentloaded', { timeout: Math.max(1, until - performance.now()) });
    look = await lookAt(page, now);
  }
  if (look?.wall) return 'wall';
  return look?.notice ?? 'page';
}

interface Look {
  readonly wall: WallFace | null;
  readonly notice: 'notice' | 'mention' | null;
}

async function lookAt(page: Page, document: Response): Promise<Look | null> {
  const status = document.status();
  if (status >= 300 && status < 400) return null;
  const headers = document.headers();
  const byHeaders = wallOf({ status, headers, body: '' });
  if (byHeaders) return { wall: byHeaders, notice: null };
  // A page with cells of a table has its data, or will: to read all of it would take its time.
  if (status === 200 && (await page.locator('td').count()) > 0) return null;
  const body = await contentOf(page);
  if (body === null) return null;
  const wall = wallIn({ status, headers, body });
  if (wall) {
    const { face, isCertain } = wall;
    return isCertain || status !== 200 || face.passes
      ? { wall: face, notice: null }
      : { wall: null, notice: 'mention' };
  }
  const standIn = standInFace(body);
  if (!standIn || standIn.code === 'still_loading' || standIn.code === 'no_prices_notice')
    return { wall: null, notice: null };
  return { wall: null, notice: standIn.isHeading ? 'notice' : 'mention' };
}

/** The HTML of a page; `null` of one that goes elsewhere all the time. */
async function contentOf(page: Page): Promise<string | null> {
  for (let tries = 3; tries > 0; tries--) {
    try {
      return await page.content();
    } catch (error) {
      if (page.isClosed()) throw error;
      // It has just gone to another document.
      await sleep(lookEveryMs);
    }
  }
  return null;
}
