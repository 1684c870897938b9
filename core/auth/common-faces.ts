/*
 * What pages after the password look like on most sites, as data. To know another one, add it here and to the test beside
 * it: in English first, and what is usual in some other languages.
 */
import type { LoginState } from '../contracts/words/login-states.ts';
import type { ViewedField } from './login-view.ts';

export interface CommonFace {
  readonly state: LoginState;
  /** Sentences that say so. */
  readonly texts: readonly RegExp[];
  /** Sites warn of it before it is so. */
  readonly warnedOf?: boolean;
  /** The path of the page. */
  readonly path?: RegExp;
  readonly fields?: (fields: readonly ViewedField[]) => boolean;
}

/** Words of sentences that warn of what may come, or say what is not so. */
export const hypothetical = /\b(will|would|may|might|could|if|unless|to (avoid|prevent)|left|remaining|not)\b/i;

const codeName =
  /\b(otp|totp|mfa|2fa|tfa)\b|one.?time|verif\w*.?code|auth\w*.?code|sms.?code|pass.?code|security.?code|access.?code|security.?answer|(^|[^a-z])(code|pin|tan|token|answer)\d*$/i;

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

/** A box for each digit, without names. */
function areBoxesOfCode(fields: readonly ViewedField[]): boolean {
  const boxes = fields.filter(
    ({ type, name, label }) => ['text', 'tel', 'number', 'password', ''].includes(type) && name === '' && label === '',
  );
  return boxes.length >= 4 && boxes.length <= 8;
}

function isNewPassword({ type, name, autocomplete, label }: ViewedField): boolean {
  if (autocomplete.includes('new-password')) return true;
  return type === 'password' && /new|confirm|repeat|again|retype|verify.?pass/i.test(`${name} ${label}`);
}

function isCaptchaField({ type, name }: ViewedField): boolean {
  return type !== 'password' && /captcha/i.test(name);
}

/** The order matters: a page that locks an account may name its password and its code, too. */
export const commonFaces: readonly CommonFace[] = [
  {
    state: 'too_many_logins',
    warnedOf: true,
    texts: [
      /\btoo many\b.{0,60}\b(attempts?|log-?ins?|sign-?ins?|tries|requests)\b/i,
      /\b(maximum|max\.?|allowed|permitted) (number of )?.{0,30}\b(attempts?|tries|log-?ins?)\b|\b(attempts?|log-?in) limit\b|\battempts? (have been |has been |were )?(exceeded|exhausted|used up)/i,
      /\b(try|log in|sign in|retry)( again)? (in|after) (about |another )?(a few|a couple of|half an|an?|\d[\d:]*) ?(seconds?|secs?|s|minutes?|mins?|hours?|h)?\b/i,
      /\b(try|log in|sign in) again (at|on|from|after)?\s?(tomorrow|\d{1,2}[:.]\d\d|\d{1,2} ?[ap]\.?m)/i,
      /\bwait (for )?(about |another |at least )?(an?|\d+) ?((minutes?|mins?|hours?|h)\b|(seconds?|secs?|s) (before|until|to try))/i,
      /\btemporar(y|il?y) (locked|lockout|blocked|suspended|disabled|unavailable for log-?in)|\b(locked|blocked|suspended|disabled) (temporarily|for (the next )?(an?|\d+) (minutes?|hours?|days?)|until\b)/i,
      /\bzu viele\b.{0,40}\b(versuche|anmelde\w*)|\btrop de tentatives\b|\bdemasiados intentos\b|\btroppi tentativi\b/i,
    ],
  },
  {
    state: 'account_locked',
    warnedOf: true,
    texts: [
      /\b(account|profile|access|user ?(name|id)?|log-?in)\b.{0,40}\b(locked|suspended|disabled|deactivated|frozen|blocked|restricted|inactive|closed|terminated|revoked|banned|on hold)\b/i,
      /\b(locked|suspended|disabled|deactivated|frozen|blocked|restricted) (out )?(of )?(your|this|the) (online |web )?(account|profile|access|user|log-?in)/i,
      /\byou (are|have been|were) (locked out|suspended|banned|blocked)\b/i,
      /\b(konto|zugang|benutzer)\b.{0,40}\b(gesperrt|deaktiviert|blockiert)|\bcompte\b.{0,40}\b(bloqu|verrouill|suspendu|désactiv)|\bcuenta\b.{0,40}\b(bloquead|suspendid|desactivad)|\bconto\b.{0,40}\b(bloccat|sospes)/i,
    ],
  },
  {
    state: 'account_locked',
    // Here "not" is what says so.
    texts: [/\b(account|user|profile)\b.{0,20}\b(is|was) (not|no longer) (active|enabled|available|activated)\b/i],
  },
  {
    state: 'password_change_wanted',
    texts: [
      /\bpassword\b.{0,30}\b(expir(e|es|ed|ing)|too old|out of date|must be (changed|updated|reset)|needs to be (changed|updated|reset)|(older|more) than \d+|is \d+ days old)/i,
      /\b(must|need to|have to|please|required to|time to|asked to|should) (change|update|renew|reset) (your|the) password/i,
      /\b(choose|create|enter|set|pick) an? (new|stronger|different|more secure) password/i,
      /\b(a while|a long time|\d+ days) since you (last )?(changed|updated) your password/i,
      /\b(passwort|kennwort)\b.{0,40}\b(abgelaufen|läuft|ändern|neues)|\bmot de passe\b.{0,40}\b(expir|changer)|\bcontraseña\b.{0,40}\b(caduc|expir|cambi)/i,
    ],
    path: /(change|new|reset|update|renew|expired?)[-_/]?password|password[-_/]?(change|new|reset|update|renew|expir)/i,
    fields: (fields) => fields.some(isNewPassword),
  },
  {
    state: 'captcha_wanted',
    texts: [
      /\bcaptcha\b|\b(not|no) (an? )?(ro)?bots?\b|\b(you are|you're|being) (an? )?human\b/i,
      /\b(characters|letters|text|numbers|digits|code) (that |which )?(you see |are |is )?(shown|displayed|below|above|in) (in |on )?(the |this )?(image|picture)/i,
      /\b(solve|complete|finish) (the|this|a) (puzzle|challenge|security check)\b|\bslide to (verify|complete|unlock)/i,
    ],
    fields: (fields) => fields.some(isCaptchaField),
  },
  {
    state: 'approval_wanted',
    texts: [
      /\b(approve|confirm|accept|authori[sz]e|allow|tap)\b.{0,60}\b(in|on|with|using|from|through) (your|the|our|another)\b.{0,30}\b(app|phone|device|mobile|smartphone|tablet|watch)\b/i,
      /\bopen (your|the|our)\b.{0,30}\b(app|authenticator|phone)\b.{0,30}\b(and|to) (tap|approve|confirm|accept|allow|press)/i,
      /\bpush(ed)? (notification|message|request)|\b(sent|send(ing)?|pushed) (you )?an? .{0,30}(notification|request|prompt)\b.{0,20}\b(to|on) your\b/i,
      /\bcheck your (phone|device|app|mobile|duo|smartphone)\b|\bwaiting for (your |the )?(approval|confirmation)\b/i,
      /\bscan (the|this) (qr|code)\b/i,
      /\b(click|follow|open|use|tap) (on )?(the|a) link\b.{0,40}\b(sent|e-?mail|inbox)|\bmagic link\b|\b(sent|e-?mailed|texted|send(ing)?)( you)? (an?|the|your) (\w+ |log-?in |sign-?in |one-?time )?link\b/i,
      /\bapprov(e|ing) (the|this|a|your) (push|notification|request|prompt|sign-?in|log-?in)\b|\bduo push\b|\bcheck for an? .{0,20}push\b/i,
    ],
  },
  {
    state: 'survey_shown',
    // An offer, not a demand, however it names what it offers.
    texts: [
      /\b(create|add|set up|save|try|use) (a|your) passkey\b.{0,60}$|\bpasskeys?\b.{0,40}\b(faster|easier|safer|instead)/i,
      /\bstay (signed|logged)[- ]in\?/i,
      /\badd (a|your|another) (recovery |backup |mobile |secondary )?(phone|e-?mail|number|address)\b/i,
      /\b(set up|turn on|enable|activate|add) (two|2|multi)-?(step|factor)\b/i,
    ],
  },
  {
    state: 'second_factor_wanted',
    texts: [
      /\b(verification|security|one-?time|authentication|authenticator|access|login|log-?in|sign-?in|confirmation|sms|\d-digit|six-digit|four-digit)\b.{0,20}\b(code|pass ?code|pin|token)\b/i,
      /\b(two|2|multi)-?(step|factor)\b|\benter (the|your|a) (code|pin|token)\b|\b(the|a|your) code (that |which )?(we |was |has been |by |via |in )/i,
      /\b(sent|e-?mailed|texted|messaged)( you)? an? (\w+ )?code\b|\b(receive|get|send)( me)? (your|a|the) code\b|\b(message|sms|e-?mail|call) with a code\b/i,
      /\bwe('ve| have| just)? (sent|texted|messaged|called|e-?mailed)\b.{0,40}(\*{2}|[•·]{2}|\bx{2,}|\+\d|\bending in\b)/i,
      /\bwhat (is|was|were) .{0,40}\b(first|mother|maiden|favou?rite|pet|childhood|school|street|born|grew up)\b/i,
      /\b(unusual|suspicious|unfamiliar) (account |sign-?in |log-?in )?(activity|attempt|sign-?in|log-?in)\b|\bblocked (this|a|the) (sign-?in|log-?in)\b/i,
      /\b(enter|type) (the|your) \d (digits|figures|numbers)\b/i,
      /\bauthenticator app\b|\b(use|insert|touch) (your|a) (passkey|security key)|\bone-?time password\b|\bsecurity questions?\b/i,
      /\b(verify|confirm)\b.{0,4}\b(it.?s (really )?you|your identity|that it.?s you|that this is you)/i,
      /\b(verify|confirm) your (e-?mail|phone|mobile|device|number|log-?in|sign-?in)\b/i,
      /\bverification method\b|\bhow (would|do) you (like|want) to (verify|receive|get)\b/i,
      /\b(new|unknown|unrecogni[sz]ed|unfamiliar|different) (device|browser|location|computer)\b|\b(trust|remember|register|recogni[sz]e) (this|your|the) (device|browser|computer)\b|\b(device|browser|computer) you trust\b/i,
      /\bbestätigungscode\b|\bsicherheitscode\b|\bcode de (vérification|sécurité|confirmation)\b|\bcódigo de (verificación|seguridad)\b|\bcodice di (verifica|sicurezza)\b/i,
    ],
    path: /(^|[-_/])(verify|verification|mfa|2fa|tfa|otp|totp|two-?(factor|step)|multi-?factor|second-?factor|challenge)([-_/]|$)/i,
    fields: (fields) => fields.some(isCodeField) || areBoxesOfCode(fields),
  },
  {
    state: 'signed_in_elsewhere',
    texts: [
      /\b(already|also|currently|still) (signed|logged)[- ]?(in|on)\b/i,
      /\b(signed|logged)[- ]?(in|on)\b.{0,30}\b(elsewhere|somewhere else|another|other|different|\d+ (devices|browsers|sessions))\b/i,
      /\b(another|active|concurrent|multiple|other|existing|previous|second)( active| open| user)? sessions?\b|\b(end|close|terminate|continue)\b.{0,20}\bother session/i,
      /\bsessions?\b.{0,30}\b(another|other|different) (browser|device|computer|tab|window)\b|\b(too many|maximum number of) (devices|sessions)\b|\bonly one (session|device|log-?in)\b/i,
    ],
    path: /concurrent|active-?sessions?|session-?(conflict|limit|exists)/i,
  },
  {
    state: 'consent_wanted',
    texts: [
      /\b(accept|allow|agree|consent|reject|manage)\b.{0,60}\bcookies?\b|\bcookies?\b.{0,80}\b(accept|consent|agree|reject|settings|preferences)\b|\bwe value your privacy\b|\b(we|this site) uses? cookies\b|\bcookies? (to|that) (improve|personali[sz]e|help|ensure)\b|\b(your|give|need) consent\b/i,
    ],
    path: /(^|[-_/])(consent|cookie-?(wall|consent|policy)?s?|gdpr)([-_/]|$)/i,
  },
  {
    state: 'terms_unaccepted',
    texts: [
      /\b(accept|agree|acknowledge|review|read|updated?|changed|new)\b.{0,60}\b(terms|conditions|user agreement|customer agreement|agreement|polic(y|ies)|disclosures?|disclaimer|privacy notice)\b/i,
      /\b(terms|conditions|agreement|policy|privacy notice)\b.{0,30}\b(update|changed|have changed|has changed)/i,
      /\b(certify|confirm|declare) (that )?(you|i) (are|am) (an? )?(non-?)?professional\b|\bprofessional or non-?professional\b/i,
      /\b(nutzungsbedingungen|agb)\b.{0,40}\b(zustimmen|akzeptieren|geändert)|\bconditions (générales|d'utilisation)\b/i,
    ],
    path: /(^|[-_/])(terms|tos|eula|agreements?|disclaimer|disclosures?|conditions|legal)([-_/]|$)/i,
  },
  {
    state: 'survey_shown',
    texts: [
      /\b(survey|questionnaire)\b|\b(your|give us|leave|share) (us )?feedback\b|\brate (us|your|our)\b|\btell us (about|what|how)\b|\blikely are you to recommend\b/i,
      /\bremind me later\b|\bno,? thanks\b|\b(not|maybe) (now|later)\b|\bskip (for now|tour|this|intro)\b|\bgot it\b|\bwhat.?s new\b/i,
    ],
    path: /(^|[-_/])(survey|feedback|questionnaire|interstitial|notice|announcement|welcome|promo)([-_/]|$)/i,
  },
];

/** A sentence about credentials with such a word says that they were refused. */
export const wrong =
  /\b(incorrect|invalid|wrong|unknown|failed|denied|unable|unsuccessful|error|try again|do(es)?( not|n.?t) (match|exist|recogni[sz]e|know)|(not|n't) (recogni[sz]ed|correct|right|valid|match|known|accepted|successful|found)|isn.?t (right|correct|valid)|could not|couldn.?t|cannot|can.?t|falsch|ungültig|fehlgeschlagen|incorrecte?|invalide|incorrect[oa]s?|errat[oa]|non valid[oa])\b/i;
export const credential =
  /\b(user ?name|user ?id|user|password|credentials?|log-?in|sign-?in|log you in|sign you in|e-?mail|details|account|authentication|our records|benutzername|passwort|kennwort|anmeldung|mot de passe|identifiants?|contraseña|usuario)\b/i;

/** What else is wrong: a page that says so refuses nobody. */
export const passingTrouble =
  /\btemporar|\b(un|not )available\b|\bmaintenance\b|\btechnical\b|\btry (again )?later\b|\b(server|system|internal|network|connection) (error|problem)|\b(session|form|page|token|link)( has| is)? (expired|invalid|timed out)|\bsomething went wrong\b|\bcsrf\b/i;
