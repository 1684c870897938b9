/*
 * Fills in a login form and looks at what comes of it, until that is decided.
 *
 *   1. what stands on the form's page before the password says nothing afterwards
 *   2. success counts at once, everything else once it stays: pages flicker, and scripts show errors for a moment
 *   3. of what is not decided in time, a page that is no form is unrecognized, and is not tried again without a person
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type BrowserContext, errors, type Frame, type Locator, type Page } from 'playwright-core';
import { type LoginMeaning, meaningOf } from '../../auth/login-faces.ts';
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
  /** The last of them, where its status is not 200, as an answer with what it shows. */
  readonly broken: () => Promise<Extract<LoginResult, { outcome: 'failed' }> | null>;
  /** The last of them, where it says that it stands in the place of another page: maintenance, a queue, a wall. */
  readonly standIn: () => Promise<Extract<LoginResult, { outcome: 'failed' }> | null>;
  /** The status of the last answer to something that was sent, whether a new document came or a script sent it. */
  readonly sent: () => number | null;
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
    await within(await visible(page, selector), left() * clickShare);
  };
  /** A face that was passed once and is still there is a demand. */
  const openFaces = () => faces.map((face, at) => (pressed.has(at) ? withoutPress(face) : face));

  // The form, with what stands over it out of the way; where user name and password are asked for one after the other, the
  // user name first.
  let before: LoginView | null = null;
  let named: { readonly view: LoginView; readonly since: number } | null = null;
  const half = { of: '', since: 0 };
  for (;;) {
    const view = await lookAtLogin(page, form);
    const meaning = view && meaningOf(view, named?.view ?? null, openFaces(), Date.now());
    if (meaning?.outcome === 'signed_in') return finish(context, page, form, activity, until, null);
    if (meaning?.outcome === 'pass' && pressed.size < mostPresses) {
      await press(meaning.face, meaning.press);
      await sleep(lookEveryMs);
      continue;
    }
    const kind = view?.form ? 'both' : (view?.half ?? '');
    if (half.of !== kind) Object.assign(half, { of: kind, since: performance.now() });
    const stands = performance.now() - half.since >= Math.min(formStaysMs, timeoutMs / 8);
    if (view?.form || (view?.half === 'password' && stands)) {
      before = named && view ? together(named.view, view) : view;
      break;
    }
    if (view?.half === 'username' && stands && named === null) {
      named = { view, since: performance.now() };
      if (!(await typed(page, [[selectors.username, form.username]], selectors.submit, left))) break;
      await sleep(lookEveryMs);
      continue;
    }
    // What came after the user name alone may already be an end.
    if (named && performance.now() - named.since > Math.min(formStaysMs, timeoutMs / 8)) {
      if (meaning?.outcome === 'refused') return { outcome: 'refused' };
      if (meaning?.outcome === 'demanded' && view?.half !== 'username') return meaning;
    }
    if (performance.now() + lookEveryMs > until) {
      if (meaning?.outcome === 'demanded') return meaning;
      return { outcome: named ? 'form_again' : 'no_form' };
    }
    await sleep(lookEveryMs);
  }
  const stored = await keptState(context, page);
  const since = activity.documents();
  const fields: [string, string][] = [[selectors.password, form.password]];
  if (before?.half !== 'password') fields.unshift([selectors.username, form.username]);
  if (before === null || !(await typed(page, fields, selectors.submit, left))) {
    // Nothing was sent: something lies over the form.
    const view = await lookAtLogin(page, form);
    const meaning =
      view &&
      meaningOf(
        { ...view, form: false, half: null, lines: view.dialogLines, paths: [], fields: [] },
        null,
        openFaces(),
        Date.now(),
      );
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
    const meaning = meaningOf(view, before, openFaces(), Date.now());
    if (meaning.outcome === 'signed_in') return finish(context, page, form, activity, until, { stored, before });
    const again = meaning.outcome === 'undecided' && hasForm(view) && activity.documents() > since;
    if (meaning.outcome === 'undecided' && !again) {
      stays.key = '';
      continue;
    }
    // A countdown is one and the same demand.
    const key = JSON.stringify({ ...meaning, seconds: null });
    if (stays.key !== key) Object.assign(stays, { key, since: performance.now() });
    const quiet = activity.pending() === 0;
    const enough = again ? formStaysMs : quiet ? staysMs.quiet : staysMs.busy;
    if ((again && !quiet) || performance.now() - stays.since < Math.min(enough, timeoutMs / 4)) continue;
    const broken = await activity.broken();
    // What a page of the source's own says, whatever its status, is why it came.
    if (broken && (again || !isRefusalStatus(broken.response?.status))) return statusMeans(activity.sent()) ?? broken;
    if (again) return statusMeans(activity.sent()) ?? { outcome: 'form_again' };
    stays.key = '';
    if (meaning.outcome === 'pass') {
      if (pressed.size >= mostPresses) return { outcome: 'demanded', state: 'login_unrecognized' };
      await press(meaning.face, meaning.press);
      continue;
    }
    const wantsCode = meaning.outcome === 'demanded' && meaning.state === 'second_factor_wanted';
    if (wantsCode && secondFactor && !codeTyped && (await isVisible(page, secondFactor.input))) {
      codeTyped = true;
      before = view;
      await typeCode(page, secondFactor, left);
      continue;
    }
    if (meaning.outcome === 'refused') return codeTyped ? codeRefused : { outcome: 'refused' };
    if (meaning.outcome === 'demanded') return meaning;
  }
  const broken = await activity.broken();
  const meant = codeTyped ? null : statusMeans(activity.sent());
  if (meant) return meant;
  if (broken) return broken;
  if (codeTyped) return codeRefused;
  const came = activity.documents() > since || (last !== null && !hasForm(last));
  // What says that it stands in the place of another page is no page after the password.
  const other = came && !(last && hasForm(last)) ? await activity.standIn() : null;
  if (other) return other;
  if (came)
    return last && hasForm(last) ? { outcome: 'form_again' } : { outcome: 'demanded', state: 'login_unrecognized' };
  if (activity.pending() > 0)
    return { outcome: 'failed', response: null, error: { code: 'timeout', message: 'The login did not end.' } };
  return { outcome: 'form_again' };
}

function hasForm({ form, half }: LoginView): boolean {
  return form || half !== null;
}

/** What stood on two pages of one form. */
function together(first: LoginView, second: LoginView): LoginView {
  return {
    ...second,
    lines: [...first.lines, ...second.lines],
    fields: [...first.fields, ...second.fields],
    paths: [...first.paths, ...second.paths],
  };
}

/** Statuses with which sites send a page of their own on a login. */
function isRefusalStatus(status: number | undefined): boolean {
  return status !== undefined && status >= 400 && status < 500;
}

/** What the status of an answer to the password says where the page says nothing. */
function statusMeans(status: number | null): LoginResult | null {
  if (status === 401) return { outcome: 'refused' };
  if (status === 423) return { outcome: 'demanded', state: 'account_locked' };
  return null;
}

/** A code that did not let in is not tried again: the next refusal may lock the account. */
const codeRefused = { outcome: 'demanded', state: 'second_factor_wanted' } as const;

/** The first visible element, in the page or one of its frames. */
async function visible(page: Page, selector: string): Promise<Locator> {
  const inFrame = (frame: Frame) => frame.locator(selector).filter({ visible: true }).first();
  for (const frame of page.frames().slice(1, mostFrames))
    if (
      (await inFrame(page.mainFrame()).count()) === 0 &&
      (await inFrame(frame)
        .count()
        .catch(() => 0)) > 0
    )
      return inFrame(frame);
  return inFrame(page.mainFrame());
}

async function isVisible(page: Page, selector: string): Promise<boolean> {
  return (await (await visible(page, selector)).count()) > 0;
}

const mostFrames = 8;

/** Fills fields in and sends them. Gives whether they were sent: where something lies over the form, nothing is. */
async function typed(
  page: Page,
  fields: readonly (readonly [selector: string, value: string])[],
  submit: string,
  left: () => number,
): Promise<boolean> {
  try {
    let last: Locator | null = null;
    for (const [selector, value] of fields) {
      last = await visible(page, selector);
      await last.fill(value, { timeout: left() * clickShare });
    }
    const button = await visible(page, submit);
    // Without its button, a form is sent as by people.
    if (last && (await button.count()) === 0)
      await last.press('Enter', { timeout: left() * clickShare, noWaitAfter: true });
    else await button.click({ timeout: left() * clickShare, noWaitAfter: true });
    return true;
  } catch (error) {
    if (!(error instanceof errors.TimeoutError)) throw error;
    return false;
  }
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
    await (await visible(page, input)).fill(code(), { timeout: left() * clickShare });
  } catch (error) {
    if (!(error instanceof errors.TimeoutError)) throw error;
    return;
  }
  await within(await visible(page, submit), left() * clickShare);
}

/**
 * How long what is stored must stay the same, and how long that is waited for, as shares of the time of a login: longer where
 * nothing was stored since the password was sent, for then the session is still to come.
 */
const storedStays = { quiet: 1 / 8, most: 1 / 3, mostUnchanged: 0.6 };
const storedLookMs = 100;

/**
 * The session, once the page has stopped storing: scripts set cookies some time after a login. `sent` is what was stored and
 * seen before the password; `null` where none was needed.
 */
async function finish(
  context: BrowserContext,
  page: Page,
  form: LoginForm,
  activity: PageActivity,
  until: number,
  sent: { readonly stored: string | null; readonly before: LoginView | null } | null,
): Promise<LoginResult> {
  const began = performance.now();
  const time = Math.max(1_000, until - began);
  let state = await keptState(context, page);
  let since = performance.now();
  const most = () => time * (sent && state === sent.stored ? storedStays.mostUnchanged : storedStays.most);
  while (performance.now() - began < most()) {
    await sleep(storedLookMs);
    const next = await keptState(context, page);
    if (next !== state || activity.pending() > 0) since = performance.now();
    state = next;
    const isNew = !sent || state !== sent.stored;
    if (isNew && performance.now() - since >= time * storedStays.quiet) break;
  }
  // Some sites show their first page for a moment, and then what they want.
  const view = sent ? await lookAtLogin(page, form) : null;
  const meaning = view && meaningOf(view, sent?.before ?? null, form.faces, Date.now());
  if (isDemand(meaning) && !view?.signedIn) return meaning;
  return state === null ? { outcome: 'too_large' } : { outcome: 'signed_in', storageState: state };
}

function isDemand(meaning: LoginMeaning | null): meaning is Extract<LoginMeaning, { outcome: 'demanded' }> {
  return meaning?.outcome === 'demanded';
}
