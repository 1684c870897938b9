import type { Frame, Page } from 'playwright-core';
import * as z from 'zod';
import type { LoginView } from '../../auth/login-view.ts';
import type { LoginForm } from '../../ports/browser.ts';

/** Bounds of what is read of a page: no page after a password is longer before it comes to the point. */
const mostLines = 400;
const longestText = 300;
const mostFields = 60;
const mostFrames = 8;

const text = z.string().transform((value) => value.slice(0, longestText));
const lines = z.array(text).transform((all) => all.slice(0, mostLines));

/** What the script below gives of a frame. A page may do to it what it likes. */
const frameView = z.object({
  lines,
  dialogLines: lines,
  fields: z
    .array(z.object({ type: text, name: text, autocomplete: text, label: text }))
    .transform((all) => all.slice(0, mostFields)),
  shown: z.array(z.string().nullable()),
});

/**
 * Runs in a frame: what a person sees of it. Visible is what takes up room, is neither transparent nor hidden, and not cut
 * down to a point for screen readers. Looks into open shadow roots.
 */
const script = `(selectors) => {
  const roots = [document];
  for (let at = 0; at < roots.length && roots.length < 200; at++)
    for (const each of [...roots[at].querySelectorAll('*')].slice(0, 20000))
      if (each.shadowRoot) roots.push(each.shadowRoot);
  const all = (selector) => roots.flatMap((root) => [...root.querySelectorAll(selector)]);
  const visible = (each) => {
    const box = each.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && box.right > 0 && box.bottom > 0 &&
      each.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });
  };
  const textOf = (each) => String(each.innerText ?? each.textContent ?? '');
  const linesOf = (each) => textOf(each).split('\\n').map((line) => line.trim().slice(0, ${longestText})).filter((line) => line !== '').slice(0, ${mostLines});
  const unseen = new Set(document.body ? [...document.body.querySelectorAll('*')].slice(0, 20000).filter((each) => each.children.length === 0 && each.textContent.trim() !== '' && !visible(each) && each.checkVisibility()).flatMap(linesOf) : []);
  const layer = (() => {
    for (let each = document.elementFromPoint(innerWidth / 2, innerHeight / 2); each && each !== document.body; each = each.parentElement)
      if (getComputedStyle(each).position === 'fixed') return [each];
    return [];
  })();
  const dialogs = [...all('dialog[open], [role=dialog], [role=alertdialog], [aria-modal=true]').filter(visible), ...layer];
  const labelOf = (each) => [each.placeholder, each.getAttribute('aria-label'), ...[...(each.labels ?? [])].map(textOf)].filter(Boolean).join(' ');
  return {
    lines: roots.flatMap((root) => root === document ? (document.body ? linesOf(document.body) : []) : [...root.children].flatMap(linesOf)).filter((line) => !unseen.has(line)),
    dialogLines: dialogs.flatMap(linesOf).filter((line) => !unseen.has(line)),
    fields: all('input').filter((each) => each.type !== 'hidden' && visible(each)).slice(0, ${mostFields}).map((each) => ({
      type: String(each.type), name: String(each.name || each.id), autocomplete: String(each.autocomplete), label: labelOf(each) })),
    shown: selectors.map((selector) => {
      const found = all(selector).filter(visible);
      return found.length === 0 ? null : found.map(textOf).join('\\n').slice(0, ${longestText});
    }),
  };
}`;

/**
 * What a person sees of the page that a login is at, frames included. `null` while it is between two documents. `faces` are
 * the selectors of the source's own faces; empty for one that has none.
 */
export async function lookAtLogin(
  page: Page,
  { selectors, faces }: Pick<LoginForm, 'selectors' | 'faces'>,
): Promise<LoginView | null> {
  const { username, password, signedIn, refused } = selectors;
  const wanted = [username, password, signedIn, refused, ...faces.map(({ selector }) => selector ?? ':not(*)')];
  const views = await Promise.all(
    page
      .frames()
      .slice(0, mostFrames)
      .map((frame) => lookAt(frame, page, wanted)),
  );
  const [main] = views;
  if (!main) return null;
  const seen = views.filter((view) => view !== null);
  const inFrames = seen.slice(1);
  const shown = (at: number) => seen.map((view) => view.shown[at] ?? null).find((each) => each !== null) ?? null;
  return {
    paths: page
      .frames()
      .slice(0, mostFrames)
      .map((frame) => pathOf(frame.url()))
      .filter((path) => path !== ''),
    lines: seen.flatMap((view) => view.lines),
    dialogLines: [...main.dialogLines, ...inFrames.flatMap((view) => view.lines)],
    fields: seen.flatMap((view) => view.fields),
    form: shown(0) !== null && shown(1) !== null,
    half: (shown(0) === null) === (shown(1) === null) ? null : shown(0) === null ? 'password' : 'username',
    signedIn: shown(2) !== null,
    refusal: shown(3),
    faces: faces.flatMap((_, at) => (shown(4 + at) === null ? [] : [at])),
  };
}

async function lookAt(frame: Frame, page: Page, selectors: readonly string[]) {
  try {
    if (frame !== page.mainFrame() && !(await (await frame.frameElement()).isVisible())) return null;
    const found: unknown = await frame.evaluate(`(${script})(${JSON.stringify(selectors)})`);
    const parsed = frameView.safeParse(found);
    return parsed.success ? parsed.data : null;
  } catch {
    // It has gone, or is about to: the next look finds another.
    if (page.isClosed()) throw new Error('The page was closed.');
    return null;
  }
}

function pathOf(url: string): string {
  return URL.canParse(url) && /^https?:/.test(url) ? new URL(url).pathname : '';
}
