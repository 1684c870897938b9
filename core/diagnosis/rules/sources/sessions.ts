import { minute } from '../../instants.ts';
import { recover, say, test } from '../advice.ts';
import type { SourceRule } from '../rule.ts';

/** Credentials and sessions. */
export const sessionRules: readonly SourceRule[] = [
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
      say('Sign in at the source yourself and see what it says about the account.'),
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
      'The source ended the session and did not accept a new one either: cookies, crumb or consent changed on its side.',
    advice: (complaint) => [
      recover(complaint),
      say('If that fails too, its way to a session changed: see the session strategy in core/auth.'),
    ],
    weight: 85,
  },
];
