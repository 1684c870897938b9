import type { Complaint } from '../../complaints.ts';
import { minute } from '../../instants.ts';
import { pause, recover, say, test } from '../advice.ts';
import { allAreOf, allSay, dayUse, heavyUse, minuteUse } from '../evidence.ts';
import type { SourceRule } from '../rule.ts';

const percent = (share: number) => `${Math.round(100 * share)} %`;

/** When requests resume, by the pause that the source asked for. */
function resumesText({ source: { heldUntil } }: Complaint): string {
  if (heldUntil === null) return 'Requests pause for as long as the source asked, and then resume by themselves.';
  return `Requests pause until ${minute(heldUntil)}, as the source asked, and then resume by themselves.`;
}

/** Words in place of data that nobody knows: requests pause, as after a limit, and nothing says that it was one. */
const isUnknownNotice = allSay('unknown_notice');

/** Limits of a source, our own quotas, and blocks. */
export const limitRules: readonly SourceRule[] = [
  {
    id: 'on-hold',
    short: 'it asked for a pause',
    reasons: ['rate_limited'],
    needs: (complaint) => allAreOf(complaint, 'rate_limited', 'on_hold'),
    cause: ({ source }) =>
      `The source asked for a pause${source.heldUntil === null ? '' : ` until ${minute(source.heldUntil)}`}, and Quotron makes no request before. What it asked for it by is older than what is known here.`,
    advice: ({ source }) => [
      say(
        source.heldUntil === null
          ? 'Requests resume by themselves.'
          : `Requests resume by themselves at ${minute(source.heldUntil)}.`,
      ),
    ],
    weight: 40,
  },
  {
    id: 'own-use-of-the-limit',
    short: 'too many requests, by us',
    reasons: ['rate_limited'],
    needs: (complaint) =>
      !isUnknownNotice(complaint) && (minuteUse(complaint) >= heavyUse || dayUse(complaint) >= heavyUse),
    cause: (complaint) =>
      `Quotron itself made many requests: up to ${percent(minuteUse(complaint))} of what it allows itself in a minute, ${percent(dayUse(complaint))} of the day. The real limit of the source is lower than the quota that Quotron has for it.`,
    advice: () => [
      say(`Request fewer symbols or less often, or set a lower quota: docs/configuration.md says how.`),
      say('See what else draws on the quota: backfills and the proxy do.', 'npx quotron backfill list'),
    ],
    weight: 60,
  },
  {
    id: 'limit-used-by-others',
    short: 'too many requests, not by us',
    reasons: ['rate_limited'],
    needs: (complaint) => !isUnknownNotice(complaint),
    cause: (complaint) =>
      `The source says "too many requests" though Quotron used only ${percent(minuteUse(complaint))} of its minute and ${percent(dayUse(complaint))} of its day: something else uses the same address or key, or the source lowered its limit.`,
    advice: (complaint) => [
      say('Look for other programs behind the same address or key.'),
      say(resumesText(complaint)),
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
      `Quotron itself had used up the ${source.quota.minute.limit} requests that it allows itself in a minute: manual runs and retries count too. It passes with the minute.`,
    advice: () => [say('If it comes back without failures beside it, request fewer symbols or less often.')],
    weight: 15,
  },
  {
    id: 'own-use-of-the-day',
    short: 'our own quota of the day ran out',
    reasons: ['quota_exhausted'],
    needs: (complaint) => allSay('day_quota')(complaint) || dayUse(complaint) >= heavyUse,
    cause: (complaint) =>
      `Quotron itself used up the day's requests (${complaint.source.quota.day.used} of ${complaint.source.quota.day.limit}): its plan needs more than the quota has.`,
    advice: ({ source }) => [
      say(`Request fewer symbols or less often in core/sources/${source.id}/source.ts, or get a larger plan.`),
      say('The quota starts again at midnight UTC.'),
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
      say('The quota starts again at midnight UTC.'),
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
      say('Wait: blocks of an address mostly pass within hours. More requests make them longer.'),
      recover(complaint),
      pause(complaint),
    ],
    weight: 80,
  },
];
