/*
 * What a view of a page after the password means. A source's own faces come first, then what most sites show
 * (`common-faces.ts`). Nothing here reads a message of ours.
 */
import type { LoginState } from '../contracts/words/login-states.ts';
import type { LoginDemand } from '../ports/browser.ts';
import type { LoginFace } from '../sources/definition.ts';
import { commonFaces, credential, hypothetical, passingTrouble, wrong } from './common-faces.ts';
import { type LoginView, newOn, type ViewedField } from './login-view.ts';
import { waitIn } from './login-wait.ts';

/** What a view means. `undecided`: nothing on it is known, or not yet. */
export type LoginMeaning =
  | { readonly outcome: 'signed_in' | 'refused' | 'undecided' }
  | ({ readonly outcome: 'demanded' } & LoginDemand)
  /** A button that a source's own face names passes it. */
  | { readonly outcome: 'pass'; readonly face: number; readonly press: string };

/** On a page that is signed in, these dialogs keep nobody from reading it. */
const harmless: ReadonlySet<LoginState> = new Set<LoginState>(['survey_shown', 'consent_wanted']);

/**
 * What a login page, or what came after it, means. `before` is the view before the password was sent: what stood there
 * then (a notice about terms, a link to change the password) says nothing now. `null` for a page that no password was sent
 * to. `now` is for times of the clock that it says.
 */
export function meaningOf(
  view: LoginView,
  before: LoginView | null,
  faces: readonly LoginFace[],
  now: number,
): LoginMeaning {
  const fresh = newOn(view, before);
  const own = faces.findIndex((face, at) => shows(face, at, view, fresh));
  const face = faces[own];
  if (face)
    return face.press === undefined
      ? demanded(face.state, fresh, now)
      : { outcome: 'pass', face: own, press: face.press };
  if (view.signedIn) {
    const over = commonFaceOn(fresh.dialogLines);
    return over && !harmless.has(over) ? demanded(over, fresh, now) : { outcome: 'signed_in' };
  }
  if (fresh.refusal !== null && fresh.refusal.trim() !== '') {
    const more = commonFaceOn([fresh.refusal]);
    return more === 'too_many_logins' || more === 'account_locked' || more === 'password_change_wanted'
      ? demanded(more, { ...fresh, lines: [fresh.refusal] }, now)
      : { outcome: 'refused' };
  }
  // A login page may say anything beside its form.
  if (before === null && (view.form || view.half !== null)) return { outcome: 'undecided' };
  const common = commonFaceOn(fresh.lines, fresh.paths, fresh.fields);
  if (common && (before !== null || common !== 'survey_shown')) return demanded(common, fresh, now);
  const sentences = sentencesOf(fresh.lines);
  const saysWrong =
    sentences.some((each) => wrong.test(each) && credential.test(each)) &&
    !sentences.some((each) => passingTrouble.test(each));
  const hasForm = view.form || view.half !== null;
  return { outcome: hasForm && before !== null && saysWrong ? 'refused' : 'undecided' };
}

function shows({ text, path, selector }: LoginFace, at: number, view: LoginView, fresh: LoginView): boolean {
  if (selector !== undefined && !view.faces.includes(at)) return false;
  if (path !== undefined && !view.paths.some((each) => path.test(each))) return false;
  const { lines } = selector === undefined ? fresh : view;
  if (text !== undefined && !text.test(lines.join('\n'))) return false;
  return selector !== undefined || path !== undefined || text !== undefined;
}

function commonFaceOn(
  lines: readonly string[],
  paths: readonly string[] = [],
  fields: readonly ViewedField[] = [],
): LoginState | null {
  const sentences = sentencesOf(lines);
  const found = commonFaces.find(
    (face) =>
      sentences.some(
        (each) => face.texts.some((text) => text.test(each)) && !(face.warnedOf && hypothetical.test(each)),
      ) ||
      paths.some((each) => face.path?.test(each)) ||
      face.fields?.(fields),
  );
  return found?.state ?? null;
}

function sentencesOf(lines: readonly string[]): string[] {
  return lines
    .flatMap((line) => line.split(/(?<=[.!?;])\s+/))
    .slice(0, mostSentences)
    .map((each) => each.slice(0, longestSentence));
}

/** No page that asks for something has more, or longer ones, before it comes to the point. */
const mostSentences = 400;
const longestSentence = 300;

function demanded(state: LoginState, { lines }: Pick<LoginView, 'lines'>, now: number): LoginMeaning {
  const seconds = waitIn(sentencesOf(lines), now);
  // "Locked for 30 minutes" is over by itself.
  if (state === 'account_locked' && seconds !== null) return { outcome: 'demanded', state: 'too_many_logins', seconds };
  return state === 'too_many_logins' ? { outcome: 'demanded', state, seconds } : { outcome: 'demanded', state };
}
