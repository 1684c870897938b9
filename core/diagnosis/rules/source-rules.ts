import { isUnitRatio } from '../../prices/check-quotes.ts';
import type { Complaint } from '../complaints.ts';
import { minute } from '../instants.ts';

export interface Advice {
  readonly text: string;
  /** What to type, if it is a command. */
  readonly command: string | null;
}

/** A cause that a complaint may have. The first rule whose evidence is there is the one that is told. */
export interface SourceRule {
  readonly id: string;
  /** For a heading, after the source's name. */
  readonly short: string;
  /** Reasons of runs, or of rows in quarantine, that it can explain. */
  readonly reasons: readonly string[];
  /** The evidence that must be there. Without it, the reason alone is enough. */
  readonly needs?: (complaint: Complaint) => boolean;
  /** In our own words: text of a source goes into samples only. */
  readonly cause: (complaint: Complaint) => string;
  readonly advice: (complaint: Complaint) => readonly Advice[];
  /** 0 to 100: how much of the source comes back. */
  readonly weight: number;
}

/** Of a limit: above this the source was used up by ourselves. */
const heavyUse = 0.8;
/** Of the rows that a check could compare: this many at one factor are a unit, fewer are accidents. */
const mostRows = 0.9;

const everySymbol = ({ symbols }: Complaint) => symbols.asked > 0 && symbols.hit >= symbols.asked;
const wholeJob = (complaint: Complaint) => complaint.goodSince === 0 || everySymbol(complaint);
const minuteUse = ({ source }: Complaint) => source.quota.minute.used / source.quota.minute.limit;
const dayUse = ({ source }: Complaint) => source.quota.day.used / source.quota.day.limit;
const percent = (share: number) => `${Math.round(100 * share)} %`;
const say = (text: string, command: string | null = null): Advice => ({ text, command });

const look = ({ samples }: Complaint) =>
  say(`Read what came: the raw answer lies under the blob key${samples.length > 1 ? 's' : ''} below.`);
const recover = ({ source }: Complaint) =>
  say('Heal it, and have that proven by a canary:', `npx quotron recover ${source.id} --wait`);
const test = ({ source }: Complaint) => say('See whether it works again:', `npx quotron test ${source.id}`);
const rows = ({ source, reason }: Complaint) =>
  say('Look at the rows:', `npx quotron quarantine list --source ${source.id} --reason ${reason}`);
const replay = ({ source, reason }: Complaint) =>
  say(
    'When the parser or the setting is right again, read the kept answers anew:',
    `npx quotron quarantine replay --source ${source.id} --reason ${reason}`,
  );
const parser = ({ source }: Complaint) =>
  say(`Adapt core/sources/${source.id}/ (schema.ts, parse.ts) to the new answer and raise the parser's version.`);
const stop = ({ source }: Complaint) =>
  say('Until then it can be left alone:', `npx quotron stop ${source.id} --until <time>`);

/** In order: the particular before the general. */
export const sourceRules: readonly SourceRule[] = [
  {
    id: 'wrong-credentials',
    short: 'the credentials are wrong',
    reasons: ['auth_expired'],
    needs: ({ source, firstAt }) => {
      const changedAt = source.credentials?.isSet ? source.credentials.changedAt : null;
      return (
        changedAt !== null && changedAt !== undefined && changedAt <= firstAt && (source.lastSuccessAt ?? 0) < changedAt
      );
    },
    cause: ({ source }) =>
      `The credentials were set at ${minute(source.credentials?.changedAt ?? 0)}, and nothing has succeeded since: they are wrong.`,
    advice: (complaint) => [
      say('Set the right ones:', `npx quotron credentials set ${complaint.source.id}`),
      test(complaint),
    ],
    weight: 90,
  },
  {
    id: 'credentials-refused',
    short: 'the credentials are no longer accepted',
    reasons: ['auth_expired'],
    needs: ({ source }) => source.credentials !== null,
    cause: ({ source }) =>
      `The source no longer accepts credentials that worked before${source.lastSuccessAt === null ? '' : ` (last at ${minute(source.lastSuccessAt)})`}: they have expired, were revoked, or the account is locked.`,
    advice: (complaint) => [
      say('Sign in at the source yourself and see what it says of the account.'),
      say('Set new credentials if they changed:', `npx quotron credentials set ${complaint.source.id}`),
      recover(complaint),
    ],
    weight: 85,
  },
  {
    id: 'session-refused',
    short: 'the session is refused',
    reasons: ['auth_expired'],
    needs: ({ source }) => source.signsIn === 'cookie-crumb',
    cause: () =>
      'The source ended the session, and one that was made anew was not accepted either: cookies, crumb or consent changed on its side.',
    advice: (complaint) => [
      recover(complaint),
      say('If that fails too, its way to a session changed: see the session strategy in core/auth.'),
    ],
    weight: 85,
  },
  {
    id: 'own-use-of-the-limit',
    short: 'asked too often, by us',
    reasons: ['rate_limited'],
    needs: (complaint) => minuteUse(complaint) >= heavyUse || dayUse(complaint) >= heavyUse,
    cause: (complaint) =>
      `Quotron itself asked much: up to ${percent(minuteUse(complaint))} of what it allows itself in a minute, ${percent(dayUse(complaint))} of the day. The real limit of the source is lower than the quota in its definition.`,
    advice: ({ source }) => [
      say(`Ask for fewer symbols or less often, or lower the quota in core/sources/${source.id}/source.ts.`),
      say('See what else draws on the quota: backfills and the proxy do.', 'npx quotron backfill list'),
    ],
    weight: 60,
  },
  {
    id: 'limit-used-by-others',
    short: 'asked too often, not by us',
    reasons: ['rate_limited'],
    cause: (complaint) =>
      `The source says "too many requests" though Quotron used only ${percent(minuteUse(complaint))} of its minute and ${percent(dayUse(complaint))} of its day: something else uses the same address or key, or the source lowered its limit.`,
    advice: (complaint) => [
      say('Look for other programs behind the same address or key.'),
      say('It is left alone for as long as it asked, and tried again by itself.'),
      test(complaint),
    ],
    weight: 60,
  },
  {
    id: 'own-use-of-the-minute',
    short: 'our own quota of the minute ran out',
    reasons: ['quota_exhausted'],
    needs: ({ samples }) => samples.every(({ detail }) => detail?.code === 'minute_quota'),
    cause: ({ source }) =>
      `Quotron itself had used up the ${source.quota.minute.limit} requests that it allows itself in a minute: runs by hand and tries again after failures count too. It passes with the minute.`,
    advice: () => [say('If it comes back without failures beside it, ask for fewer symbols or less often.')],
    weight: 15,
  },
  {
    id: 'own-use-of-the-day',
    short: 'our own quota of the day ran out',
    reasons: ['quota_exhausted'],
    needs: (complaint) => dayUse(complaint) >= heavyUse,
    cause: (complaint) =>
      `The day's requests are used up by Quotron itself (${complaint.source.quota.day.used} of ${complaint.source.quota.day.limit}): its plan asks for more than the quota has.`,
    advice: ({ source }) => [
      say(`Ask for fewer symbols or less often in core/sources/${source.id}/source.ts, or get a larger plan.`),
      say('It begins anew at midnight UTC.'),
    ],
    weight: 55,
  },
  {
    id: 'day-used-by-others',
    short: 'the quota of the day is used up, not by us',
    reasons: ['quota_exhausted'],
    cause: (complaint) =>
      `The source says that the day's requests are used up, though Quotron made only ${complaint.source.quota.day.used} of ${complaint.source.quota.day.limit}: the same key or address is used elsewhere.`,
    advice: ({ source }) => [
      say('Look for other programs with the same key.'),
      ...(source.credentials
        ? [say('Give Quotron a key of its own:', `npx quotron credentials set ${source.id}`)]
        : []),
      say('It begins anew at midnight UTC.'),
    ],
    weight: 55,
  },
  {
    id: 'taken-for-a-bot',
    short: 'it blocks us',
    reasons: ['blocked'],
    cause: ({ source }) =>
      source.kind === 'browser'
        ? 'The site shows a challenge or forbids the page: it takes the browser for a bot.'
        : 'The source answers with a refusal or a page for people in place of data: it takes us for a bot, or has blocked this address.',
    advice: (complaint) => [
      say('Wait: blocks of an address mostly pass within hours. Asking on makes them longer.'),
      recover(complaint),
      stop(complaint),
    ],
    weight: 80,
  },
  {
    id: 'cut-off-answers',
    short: 'answers break off',
    reasons: ['schema_drift'],
    needs: ({ samples }) => samples.every(({ detail }) => detail?.code === 'invalid_json'),
    cause: () =>
      'The answers break off in the middle: the source, or something between it and us, cuts them. Its format need not have changed.',
    advice: (complaint) => [look(complaint), test(complaint)],
    weight: 70,
  },
  {
    id: 'format-changed',
    short: 'it changed its format',
    reasons: ['schema_drift', 'schema'],
    needs: wholeJob,
    cause: ({ firstAt, symbols, jobs }) =>
      `The source changed the format of ${jobs.length === 0 ? 'its answers' : `what ${jobs.join(' and ')} read`}: since ${minute(firstAt)} ${symbols.asked > 1 ? `none of the ${symbols.asked} symbols fits` : 'nothing fits'} the schema any more.`,
    advice: (complaint) => [
      look(complaint),
      parser(complaint),
      ...(complaint.subject === 'rows' ? [rows(complaint), replay(complaint)] : [test(complaint)]),
    ],
    weight: 75,
  },
  {
    id: 'odd-answers-on-some-symbols',
    short: 'some symbols cannot be read',
    reasons: ['schema_drift', 'schema'],
    cause: ({ symbols }) =>
      `Answers on ${symbols.hit} of ${symbols.asked} symbols do not fit the schema, those on the others do: these symbols are of a kind that the parser does not know, or the change is being rolled out.`,
    advice: (complaint) => [
      look(complaint),
      ...(complaint.subject === 'rows' ? [rows(complaint)] : []),
      parser(complaint),
    ],
    weight: 40,
  },
  {
    id: 'minor-units',
    short: 'prices in the wrong unit',
    reasons: ['unit_suspect'],
    needs: ({ ratios }) =>
      ratios.length > 0 && ratios.filter((ratio) => isUnitRatio(ratio)).length >= mostRows * ratios.length,
    cause: ({ ratios, symbols }) =>
      `The prices of ${symbols.hit} of ${symbols.asked} symbols are about ${(ratios[0] ?? 100) > 1 ? '100 times' : 'a hundredth of'} what they were: the source gives them in the minor unit (pence, cents) where it gave the major one, or the other way round.`,
    advice: (complaint) => [
      rows(complaint),
      say(
        `Compare the currency in the raw answers with what core/sources/${complaint.source.id}/parse.ts makes of it.`,
      ),
      replay(complaint),
    ],
    weight: 70,
  },
  {
    id: 'unit-unknown',
    short: 'prices in an unknown unit',
    reasons: ['unit_suspect'],
    cause: () => 'Nobody says whether these prices are in the minor unit or the major one.',
    advice: (complaint) => [rows(complaint)],
    weight: 35,
  },
  {
    id: 'prices-off-for-many',
    short: 'wrong prices',
    reasons: ['implausible_jump'],
    needs: ({ symbols }) => symbols.hit >= 3 && symbols.hit >= symbols.asked / 2,
    cause: ({ symbols }) =>
      `The prices of ${symbols.hit} of ${symbols.asked} symbols jumped at once, and no other source says the same: the source gives wrong prices.`,
    advice: (complaint) => [rows(complaint), look(complaint), stop(complaint)],
    weight: 65,
  },
  {
    id: 'price-off-for-a-few',
    short: 'a price that cannot be believed',
    reasons: ['implausible_jump'],
    cause: ({ symbols }) =>
      `The price of ${symbols.hit === 1 ? 'one symbol' : `${symbols.hit} symbols`} is too far off to be believed from one source: a wrong tick, a symbol that now means something else, or a real crash that nobody else confirms yet.`,
    advice: (complaint) => [rows(complaint), say('If the jump is real, the next session confirms it by itself.')],
    weight: 25,
  },
  {
    id: 'clock-ahead',
    short: 'times in the future',
    reasons: ['future_time'],
    cause: () =>
      'Market times lie in the future: the clock of the source is wrong, or ours is, or it gives local times as UTC.',
    advice: (complaint) => [rows(complaint), look(complaint)],
    weight: 50,
  },
  {
    id: 'no-positive-price',
    short: 'prices of nothing',
    reasons: ['non_positive'],
    cause: () => 'The source gives 0 or less as a price, mostly in place of "no trade yet".',
    advice: (complaint) => [rows(complaint)],
    weight: 20,
  },
  {
    id: 'other-currency',
    short: 'prices in another currency',
    reasons: ['source_mismatch'],
    cause: () =>
      'The source quotes in another currency than the listing trades in: the symbol means another listing there.',
    advice: (complaint) => [rows(complaint), say('Correct how the source’s symbols map to listings.')],
    weight: 40,
  },
  {
    id: 'unasked-symbols',
    short: 'symbols that nobody asked for',
    reasons: ['unknown_listing'],
    cause: () => 'The source answers with symbols that nobody asked for: it renamed or redirects them.',
    advice: (complaint) => [rows(complaint)],
    weight: 25,
  },
  {
    id: 'contradicting-rows',
    short: 'it contradicts itself',
    reasons: ['duplicate_conflict'],
    cause: () => 'The source contradicts itself within one answer: several rows of one time with different prices.',
    advice: (complaint) => [rows(complaint), look(complaint)],
    weight: 30,
  },
  {
    id: 'old-state-served',
    short: 'its prices stand still',
    reasons: ['stale'],
    cause: () =>
      'The source answers, but with prices that stand still: it serves an old state from a cache, or its own feed stopped.',
    advice: (complaint) => [test(complaint), recover(complaint)],
    weight: 65,
  },
  {
    id: 'address-changed',
    short: 'its addresses changed',
    reasons: ['not_found'],
    needs: wholeJob,
    cause: () => 'The source knows nothing of what was asked for, whatever the symbol: its paths changed.',
    advice: (complaint) => [look(complaint), parser(complaint)],
    weight: 75,
  },
  {
    id: 'nothing-on-anything',
    short: 'it gives nothing any more',
    reasons: ['no_data'],
    needs: wholeJob,
    cause: () =>
      'The answers are in order and empty, whatever the symbol: the source has stopped giving this to us, or names its symbols anew.',
    advice: (complaint) => [look(complaint), test(complaint)],
    weight: 65,
  },
  {
    id: 'symbols-gone',
    short: 'some symbols are gone',
    reasons: ['not_found', 'no_data'],
    cause: ({ symbols }) =>
      `The source has nothing on ${symbols.hit} of ${symbols.asked} symbols: delisted, renamed, or never there.`,
    advice: ({ source }) => [
      say(`Take them out of the list in core/sources/${source.id}/source.ts or of QUOTRON_SYMBOLS.`),
    ],
    weight: 20,
  },
  {
    id: 'servers-failing',
    short: 'its servers fail',
    reasons: ['down'],
    needs: ({ httpStatus }) => httpStatus !== null && httpStatus >= 500,
    cause: ({ httpStatus }) =>
      `The source can be reached and answers ${httpStatus}: its own servers fail. Nothing on our side helps but waiting.`,
    advice: (complaint) => [
      say('It is tried again with growing pauses, and healed by itself when it is back.'),
      recover(complaint),
    ],
    weight: 70,
  },
  {
    id: 'unreachable',
    short: 'it cannot be reached',
    reasons: ['down'],
    needs: ({ httpStatus }) => httpStatus === null,
    cause: () =>
      'This source alone cannot be reached, or breaks the connection: it is down, moved, or blocks our address.',
    advice: (complaint) => [say('See whether its address answers from another network.'), recover(complaint)],
    weight: 70,
  },
  {
    id: 'stuck-inside',
    short: 'tasks get no outcome',
    reasons: ['timeout'],
    needs: ({ attempted }) => !attempted,
    cause: () =>
      'Tasks were planned and no worker brought an outcome: the fault is in Quotron (a queue, the workers, the ingest), not at the source.',
    advice: () => [
      say('See which service is stopped and which queue has messages waiting or dead:', 'npx quotron status'),
      say('Look for errors in the logs of the scrapers and of ingest.'),
    ],
    weight: 80,
  },
  {
    id: 'too-slow',
    short: 'it does not answer in time',
    reasons: ['timeout'],
    cause: () =>
      'This source alone takes a request and does not answer within its time: it is overloaded, or holds our connections open on purpose.',
    advice: (complaint) => [test(complaint), recover(complaint), stop(complaint)],
    weight: 70,
  },
  {
    id: 'request-refused',
    short: 'it refuses our requests',
    reasons: ['bad_request'],
    needs: wholeJob,
    cause: ({ jobs }) =>
      `The source refuses every request of ${jobs.join(' and ') || 'this kind'} as it is made: it wants other parameters than before, or another plan of the account.`,
    advice: (complaint) => [look(complaint), parser(complaint)],
    weight: 70,
  },
  {
    id: 'symbols-refused',
    short: 'it refuses some symbols',
    reasons: ['bad_request'],
    cause: ({ symbols }) =>
      `The source refuses requests on ${symbols.hit} of ${symbols.asked} symbols: it does not have them.`,
    advice: ({ source }) => [
      say(`Take them out of the list in core/sources/${source.id}/source.ts or of QUOTRON_SYMBOLS.`),
    ],
    weight: 20,
  },
  {
    id: 'no-browser',
    short: 'there is no browser',
    reasons: ['unexplained'],
    needs: ({ samples }) => samples.some(({ detail }) => detail?.code === 'no_browser'),
    cause: () => 'There is no Chrome or Chromium on this machine, and this source is read in a browser.',
    advice: (complaint) => [say('Install Chrome, or set QUOTRON_CHROMIUM to one and start anew.'), test(complaint)],
    weight: 75,
  },
];

/** What is told when no rule's evidence is there. */
export const unexplained: SourceRule = {
  id: 'unexplained',
  short: 'unexplained',
  reasons: [],
  cause: ({ reason }) =>
    `unexplained. The evidence does not say why; no rule fits ${reason === 'unexplained' ? 'it' : `the reason ${reason}`}.`,
  advice: (complaint) => [
    ...(complaint.samples.some(({ blobKey }) => blobKey !== null) ? [look(complaint)] : []),
    ...(complaint.samples.some(({ artifacts }) => artifacts.length > 0)
      ? [say('See what the page looked like: the pictures are named below.')]
      : []),
    recover(complaint),
    say('If it stays, report it with this report and the raw answer.'),
  ],
  weight: 60,
};

/** The rule that explains a complaint: the first whose evidence is there, or `unexplained`. */
export function ruleFor(complaint: Complaint): SourceRule {
  return (
    sourceRules.find((rule) => rule.reasons.includes(complaint.reason) && (rule.needs?.(complaint) ?? true)) ??
    unexplained
  );
}
