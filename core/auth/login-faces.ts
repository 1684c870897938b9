/*
 * What pages after the password look like, as data, and what a view of one means. A source's own faces come first; these
 * are what most sites show, in English. Nothing here reads a message of ours.
 */
import type { LoginState } from '../contracts/words/login-states.ts';
import type { LoginDemand } from '../ports/browser.ts';
import type { LoginFace } from '../sources/definition.ts';
import { type LoginView, newOn, type ViewedField } from './login-view.ts';

/** What a view means. `undecided`: nothing on it is known, or not yet. */
export type LoginMeaning =
  | { readonly outcome: 'signed_in' | 'refused' | 'undecided' }
  | ({ readonly outcome: 'demanded' } & LoginDemand)
  /** A button that a source's own face names passes it. */
  | { readonly outcome: 'pass'; readonly face: number; readonly press: string };

interface CommonFace {
  readonly state: LoginState;
  /** A sentence that says so. */
  readonly text?: RegExp;
  /** Sites warn of it before it is so. */
  readonly warnedOf?: boolean;
  /** The path of the page. */
  readonly path?: RegExp;
  readonly fields?: (fields: readonly ViewedField[]) => boolean;
}

/** Words of sentences that warn of what may come, or say what is not so. */
const hypothetical = /\b(will|would|may|might|could|if|unless|to (avoid|prevent)|left|remaining|not)\b/i;

const codeName =
  /\b(otp|totp|mfa|2fa|tfa)\b|one.?time|verif\w*.?code|auth\w*.?code|sms.?code|pass.?code|security.?code|access.?code|(^|[^a-z])(code|pin|tan|token)\d*$/i;

function isCodeField({ type, name, autocomplete, label }: ViewedField): boolean {
  if (autocomplete.includes('one-time-code')) return true;
  return (
    ['text', 'tel', 'number', 'password', ''].includes(type) && (codeName.test(wordsOf(name)) || codeName.test(label))
  );
}

/** `otpCode` and `otp_code` as words. */
function wordsOf(name: string): string {
  return name.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2').replaceAll(/[_-]+/g, ' ');
}

function isNewPassword({ type, name, autocomplete, label }: ViewedField): boolean {
  if (autocomplete.includes('new-password')) return true;
  return type === 'password' && /new|confirm|repeat|again|retype|verify.?pass/i.test(`${name} ${label}`);
}

/** The order matters: a page that locks an account may name its password and its code, too. */
const commonFaces: readonly CommonFace[] = [
  {
    state: 'too_many_logins',
    warnedOf: true,
    text: /\btoo many\b.{0,60}\b(attempts?|log-?ins?|sign-?ins?|tries|requests)\b|\b(try|log in|sign in) again (in|after) (about )?(a few|an?|\d+) ?(seconds?|sec|minutes?|min|hours?|h)\b|\btemporar(y|il?y) (locked|lockout|blocked|suspended|disabled|unavailable for log-?in)|\b(locked|blocked|suspended|disabled) (temporarily|for (the next )?(an?|\d+) (minutes?|hours?|days?))/i,
  },
  {
    state: 'account_locked',
    warnedOf: true,
    text: /\b(account|profile|access|user ?(name|id)?|log-?in)\b.{0,40}\b(locked|suspended|disabled|deactivated|frozen|blocked)\b|\b(locked|suspended|disabled|deactivated|frozen|blocked) (your|this|the) (account|profile|access|user)/i,
  },
  {
    state: 'password_change_wanted',
    text: /\bpassword\b.{0,30}\b(expir(e|es|ed|ing)|too old|out of date|must be (changed|updated|reset)|needs to be (changed|updated|reset))|\b(must|need to|have to|please|required to|time to) (change|update|renew|reset) (your|the) password|\b(choose|create|enter|set) an? new password/i,
    path: /(change|new|reset|update|renew|expired?)[-_/]?password|password[-_/]?(change|new|reset|update|renew|expir)/i,
    fields: (fields) => fields.some(isNewPassword),
  },
  {
    state: 'approval_wanted',
    text: /\b(approve|confirm|accept|authori[sz]e|allow|tap)\b.{0,60}\b(in|on|with|using|from|through) (your|the|our|another)\b.{0,30}\b(app|phone|device|mobile|smartphone|tablet|watch)\b|\bpush (notification|message|request)|\b(sent|send(ing)?) (you )?an? .{0,30}(notification|request)\b.{0,20}\b(to|on) your\b|\bcheck your (phone|device|app|mobile)\b|\bwaiting for (your |the )?(approval|confirmation)\b/i,
  },
  {
    state: 'second_factor_wanted',
    text: /\b(verification|security|one-?time|authentication|authenticator|access|login|log-?in|sign-?in|confirmation|sms|\d-digit|six-digit|four-digit)\b.{0,20}\b(code|pass ?code|pin|token)\b|\b(two|2|multi)-?(step|factor)\b|\benter (the|your|a) (code|pin|token)\b|\b(the|a) code (that |which )?(we |was |has been )|\bauthenticator app\b|\b(use|insert|touch) (your|a) (passkey|security key)|\bverify (it.?s you|your identity|that it.?s you)|\bone-?time password\b/i,
    path: /(^|[-_/])(verify|verification|mfa|2fa|tfa|otp|totp|two-?(factor|step)|multi-?factor|second-?factor|challenge)([-_/]|$)/i,
    fields: (fields) => fields.some(isCodeField),
  },
  {
    state: 'signed_in_elsewhere',
    text: /\b(already|also|currently|still) (signed|logged)[- ]?(in|on)\b|\b(signed|logged)[- ]?(in|on)\b.{0,30}\b(elsewhere|somewhere else|another|other|different)\b|\b(another|active|concurrent|multiple|other|existing|previous|second)( active| open| user)? sessions?\b|\b(end|close|terminate|continue)\b.{0,20}\bother session/i,
    path: /concurrent|active-?sessions?|session-?(conflict|limit|exists)/i,
  },
  {
    state: 'consent_wanted',
    text: /\b(accept|allow|agree|consent|reject|manage)\b.{0,60}\bcookies?\b|\bcookies?\b.{0,80}\b(accept|consent|agree|reject|settings|preferences)\b|\bwe value your privacy\b|\b(your|give|need) consent\b/i,
    path: /(^|[-_/])(consent|cookie-?(wall|consent|policy)?s?|gdpr)([-_/]|$)/i,
  },
  {
    state: 'terms_unaccepted',
    text: /\b(accept|agree|acknowledge|review|read|updated|changed|new)\b.{0,60}\b(terms|conditions|user agreement|customer agreement|agreement|polic(y|ies)|disclosures?|disclaimer)\b/i,
    path: /(^|[-_/])(terms|tos|eula|agreements?|disclaimer|disclosures?|conditions|legal)([-_/]|$)/i,
  },
  {
    state: 'survey_shown',
    text: /\b(survey|questionnaire)\b|\b(your|give us|leave|share) (us )?feedback\b|\brate (us|your|our)\b|\btell us (about|what|how)\b|\bremind me later\b|\bno,? thanks\b|\b(not|maybe) (now|later)\b/i,
    path: /(^|[-_/])(survey|feedback|questionnaire|interstitial|notice|announcement|welcome|promo)([-_/]|$)/i,
  },
];

const wrong =
  /\b(incorrect|invalid|wrong|unknown|failed|denied|unable|do(es)?( not|n.?t) (match|exist|recogni[sz]e|know)|not (recogni[sz]ed|correct|valid|match|known|accepted)|could not|couldn.?t|cannot|can.?t)\b/i;
const credential =
  /\b(user ?name|user ?id|user|password|credentials?|log-?in|sign-?in|log you in|sign you in|e-?mail|details|account)\b/i;

/** On a page that is signed in, these dialogs keep nobody from reading it. */
const harmless: ReadonlySet<LoginState> = new Set<LoginState>(['survey_shown', 'consent_wanted']);

/**
 * What a login page, or what came after it, means. `before` is the view before the password was sent: what stood there
 * then (a notice about terms, a link to change the password) says nothing now. `null` for a page that no password was sent
 * to.
 */
export function meaningOf(view: LoginView, before: LoginView | null, faces: readonly LoginFace[]): LoginMeaning {
  const fresh = newOn(view, before);
  const own = faces.findIndex((face, at) => shows(face, at, view, fresh));
  const face = faces[own];
  if (face)
    return face.press === undefined ? demanded(face.state, fresh) : { outcome: 'pass', face: own, press: face.press };
  if (view.signedIn) {
    const over = commonFaceOn(fresh.dialogLines);
    return over && !harmless.has(over) ? demanded(over, fresh) : { outcome: 'signed_in' };
  }
  if (fresh.refusal !== null && fresh.refusal.trim() !== '') {
    const more = commonFaceOn([fresh.refusal]);
    return more === 'too_many_logins' || more === 'account_locked' || more === 'password_change_wanted'
      ? demanded(more, { ...fresh, lines: [fresh.refusal] })
      : { outcome: 'refused' };
  }
  // A login page may say anything beside its form.
  if (before === null && view.form) return { outcome: 'undecided' };
  const common = commonFaceOn(fresh.lines, fresh.paths, fresh.fields);
  if (common && (before !== null || common !== 'survey_shown')) return demanded(common, fresh);
  const saysWrong = sentencesOf(fresh.lines).some((each) => wrong.test(each) && credential.test(each));
  return { outcome: view.form && before !== null && saysWrong ? 'refused' : 'undecided' };
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
      sentences.some((each) => face.text?.test(each) && !(face.warnedOf && hypothetical.test(each))) ||
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

function demanded(state: LoginState, { lines }: Pick<LoginView, 'lines'>): LoginMeaning {
  const seconds = secondsIn(sentencesOf(lines));
  // "Locked for 30 minutes" is over by itself.
  if (state === 'account_locked' && seconds !== null) return { outcome: 'demanded', state: 'too_many_logins', seconds };
  return state === 'too_many_logins' ? { outcome: 'demanded', state, seconds } : { outcome: 'demanded', state };
}

const unitSeconds = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
  ['d', 86_400],
]);
const numberWords = new Map([
  ['a', 1],
  ['an', 1],
  ['one', 1],
  ['two', 2],
  ['five', 5],
  ['ten', 10],
  ['fifteen', 15],
  ['thirty', 30],
]);
const waiting =
  /\b(?:in|after|for|wait|within)(?: about| at least| another| the next)? (\d{1,5}|an?|one|two|five|ten|fifteen|thirty) ?(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:ours?|rs?)?|d(?:ays?)?)\b/i;

/** The longest time that a page is believed: a month. */
const longestWait = 31 * 86_400;

/** The wait that sentences name, in seconds; `null` where they name none. */
function secondsIn(sentences: readonly string[]): number | null {
  for (const each of sentences) {
    const [, amount = '', unit = ''] = waiting.exec(each) ?? [];
    const count = numberWords.get(amount.toLowerCase()) ?? Number(amount);
    const seconds = count * (unitSeconds.get(unit.charAt(0).toLowerCase()) ?? Number.NaN);
    if (amount !== '' && seconds > 0) return Math.min(longestWait, seconds);
  }
  return null;
}
