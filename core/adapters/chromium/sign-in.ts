/*
 * Fills in a login form and looks at what comes of it, until that is decided.
 *
 *   1. what stands on the form's page before the password says nothing afterwards
 *   2. success counts at once, everything else once it stays: pages flicker, and scripts show errors for a moment
 *   3. of what is not decided in time, a page that is no form is unrecognized, and is not tried again without a person
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type BrowserContext, errors, type Locator, type Page } from 'playwright-core';
import { meaningOf } from '../../auth/login-faces.ts';
import type { LoginView } from '../../auth/login-view.ts';
import type { LoginForm, LoginResult } from '../../ports/browser.ts';
import { lookAtLogin } from './look-at-login.ts';
import { keptState } from './storage-state.ts';

/** What the page has done, as its listeners know it. */
export interface PageActivity {
  /** Requests that have no answer yet. */
  readonly pending: () => number;
  /** Main documents that came. */
  readonly documents: () => number;
  /** The last of them, where its status is not 200, as an answer. */
  readonly broken: () => Extract<LoginResult, { outcome: 'failed' }> | null;
}

const lookEveryMs = 100;
/** How long anything but success must stay to count, with and without requests under way. */
const staysMs = { quiet: 400, busy: 3_000 };
/** How long a form that came again must stay: the script of a page may sign in by itself. */
const formStaysMs = 1_000;
/** A click on a button that something covers is given up after this share of the time. */
const clickShare = 0.3;
/** No login takes more buttons. */
const mostPresses = 4;

/** Fills in the form of the page that was loaded. */
export async function signIn(
  page: Page,
  context: BrowserContext,
  form: LoginForm,
  activity: PageActivity,
  timeoutMs: number,
): Promise<LoginResult> {
  const until = performance.now() + timeoutMs;
  const left = () => Math.max(1, until - performance.now());
  const { selectors, faces, secondFactor } = form;
  const pressed = new Set<number>();
  const press = async (face: number, selector: string): Promise<void> => {
    pressed.add(face);
    await within(visible(page, selector), left() * clickShare);
  };
  /** A face that was passed once and is still there is a demand. */
  const openFaces = () => faces.map((face, at) => (pressed.has(at) ? withoutPress(face) : face));

  // The form, with what stands over it out of the way.
  let before: LoginView | null = null;
  for (;;) {
    const view = await lookAtLogin(page, form);
    const meaning = view && meaningOf(view, null, openFaces());
    if (meaning?.outcome === 'signed_in') return finish(context, page, activity, until);
    if (meaning?.outcome === 'pass' && pressed.size < mostPresses) {
      await press(meaning.face, meaning.press);
      await sleep(lookEveryMs);
      continue;
    }
    if (view?.form) {
      before = view;
      break;
    }
    if (performance.now() + lookEveryMs > until)
      return meaning?.outcome === 'demanded' ? meaning : { outcome: 'no_form' };
    await sleep(lookEveryMs);
  }
  const since = activity.documents();
  try {
    await visible(page, selectors.username).fill(form.username, { timeout: left() * clickShare });
    await visible(page, selectors.password).fill(form.password, { timeout: left() * clickShare });
    await visible(page, selectors.submit).click({ timeout: left() * clickShare, noWaitAfter: true });
  } catch (error) {
    if (!(error instanceof errors.TimeoutError)) throw error;
    // Nothing was sent: something lies over the form.
    const view = await lookAtLogin(page, form);
    const meaning =
      view && meaningOf({ ...view, form: false, lines: view.dialogLines, paths: [], fields: [] }, null, openFaces());
    return meaning?.outcome === 'demanded' ? meaning : { outcome: 'no_form' };
  }

  const stays = { key: '', since: 0 };
  let codeTyped = false;
  let last: LoginView | null = null;
  for (;;) {
    if (performance.now() + lookEveryMs > until) break;
    await sleep(lookEveryMs);
    const view = await lookAtLogin(page, form);
    if (!view) continue;
    last = view;
    const meaning = meaningOf(view, before, openFaces());
    if (meaning.outcome === 'signed_in') return finish(context, page, activity, until);
    const again = meaning.outcome === 'undecided' && view.form && activity.documents() > since;
    if (meaning.outcome === 'undecided' && !again) {
      stays.key = '';
      continue;
    }
    const key = JSON.stringify(meaning);
    if (stays.key !== key) Object.assign(stays, { key, since: performance.now() });
    const quiet = activity.pending() === 0;
    const enough = again ? formStaysMs : quiet ? staysMs.quiet : staysMs.busy;
    if ((again && !quiet) || performance.now() - stays.since < Math.min(enough, timeoutMs / 4)) continue;
    const broken = activity.broken();
    if (broken) return broken;
    if (again) return { outcome: 'form_again' };
    stays.key = '';
    if (meaning.outcome === 'pass') {
      if (pressed.size >= mostPresses) return { outcome: 'demanded', state: 'login_unrecognized' };
      await press(meaning.face, meaning.press);
      continue;
    }
    const wantsCode = meaning.outcome === 'demanded' && meaning.state === 'second_factor_wanted';
    if (wantsCode && secondFactor && !codeTyped && (await visible(page, secondFactor.input).count()) > 0) {
      codeTyped = true;
      before = view;
      await typeCode(page, secondFactor, left);
      continue;
    }
    if (meaning.outcome === 'refused') return codeTyped ? codeRefused : { outcome: 'refused' };
    if (meaning.outcome === 'demanded') return meaning;
  }
  const broken = activity.broken();
  if (broken) return broken;
  if (codeTyped) return codeRefused;
  const came = activity.documents() > since || (last !== null && !last.form);
  if (came) return last?.form ? { outcome: 'form_again' } : { outcome: 'demanded', state: 'login_unrecognized' };
  if (activity.pending() > 0)
    return { outcome: 'failed', response: null, error: { code: 'timeout', message: 'The login did not end.' } };
  return { outcome: 'form_again' };
}

/** A code that did not let in is not tried again: the next refusal may lock the account. */
const codeRefused = { outcome: 'demanded', state: 'second_factor_wanted' } as const;

function visible(page: Page, selector: string): Locator {
  return page.locator(selector).filter({ visible: true }).first();
}

function withoutPress<Face extends { readonly press?: string }>({ press: _, ...face }: Face): Omit<Face, 'press'> {
  return face;
}

/** Clicks; a button that is covered or gone is for the next look to judge. */
async function within(button: Locator, timeout: number): Promise<void> {
  try {
    await button.click({ timeout, noWaitAfter: true });
  } catch (error) {
    if (!(error instanceof errors.TimeoutError)) throw error;
  }
}

async function typeCode(
  page: Page,
  { input, submit, code }: NonNullable<LoginForm['secondFactor']>,
  left: () => number,
): Promise<void> {
  try {
    await visible(page, input).fill(code(), { timeout: left() * clickShare });
  } catch (error) {
    if (!(error instanceof errors.TimeoutError)) throw error;
    return;
  }
  await within(visible(page, submit), left() * clickShare);
}

/** How long what is stored must stay the same, and how long that is waited for, as shares of the time of a login. */
const storedStays = { quiet: 1 / 8, most: 1 / 3 };
const storedLookMs = 100;

/** The session, once the page has stopped storing: scripts set cookies some time after a login. */
async function finish(
  context: BrowserContext,
  page: Page,
  activity: PageActivity,
  until: number,
): Promise<LoginResult> {
  const began = performance.now();
  const time = Math.max(1_000, until - began);
  let state = await keptState(context, page);
  let since = performance.now();
  while (performance.now() - began < time * storedStays.most) {
    await sleep(storedLookMs);
    const next = await keptState(context, page);
    if (next !== state || activity.pending() > 0) since = performance.now();
    state = next;
    if (performance.now() - since >= time * storedStays.quiet) break;
  }
  return state === null ? { outcome: 'too_large' } : { outcome: 'signed_in', storageState: state };
}
