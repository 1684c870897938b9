/** What is not a fault, and good to know. */
import { say } from '../advice.ts';
import { heavyUse } from '../evidence.ts';
import type { SystemRule } from '../rule.ts';
import { runningSources } from './standstill.ts';

const limitReasons: ReadonlySet<string> = new Set(['rate_limited', 'quota_exhausted']);

export const nearlyUsedQuotas: SystemRule = {
  id: 'quota-nearly-used',
  find: (facts, complaints) =>
    runningSources(facts).flatMap((source) => {
      const { used, limit } = source.quota.day;
      const known = complaints.some(({ source: of, reason }) => of.id === source.id && limitReasons.has(reason));
      if (known || used < heavyUse * limit) return [];
      return [
        {
          title: `${source.title} has used most of its day`,
          cause: `${used} of ${limit} requests of this UTC day are used. When they are gone it gets none before midnight UTC.`,
          evidence: [],
          advice: [say('If that happens each day, request fewer symbols or less often.')],
          sources: [source.id],
          weight: 20,
        },
      ];
    }),
};

export const missingCredentials: SystemRule = {
  id: 'credentials-missing',
  find: (facts) =>
    facts.sources
      .filter((source) => !source.paused && source.credentials?.isSet === false)
      .map((source) => ({
        title: `${source.title} is not in use`,
        cause: 'It needs credentials, and none are set. This is not a fault: it gets no requests.',
        evidence: [],
        advice: [say('To use it:', `npx quotron credentials set ${source.id}`)],
        sources: [source.id],
        weight: 5,
      })),
};
