import { minute } from '../instants.ts';
import {
  dayUse,
  heavyUse,
  minuteUse,
  percent,
  recoverSource,
  type SourceRule,
  say,
  stopSource,
  testSource,
} from './source-rule.ts';

/** What a source lets us do: credentials, sessions, limits and blocks. In order: the particular before the general. */
export const accessRules: readonly SourceRule[] = [
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
      testSource(complaint),
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
      recoverSource(complaint),
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
      recoverSource(complaint),
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
      testSource(complaint),
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
      recoverSource(complaint),
      stopSource(complaint),
    ],
    weight: 80,
  },
];
