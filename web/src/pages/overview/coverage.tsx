import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { CoverageView } from '../../../../core/contracts/http/coverage.ts';
import { missingOfLateQuery } from '../../api/coverage-queries.ts';
import { Section } from '../../components/page.tsx';
import { formatCount, plural } from '../../text/format.ts';
import { harmless, reasonWords } from '../coverage/reasons.ts';

/** Whether the daily bars of the last days are there, in a sentence; nothing where that is not known. */
export function CoverageOfLate() {
  const { data } = useQuery(missingOfLateQuery);
  if (!data) return null;
  return (
    <Section title="Coverage" note="Daily bars of the last three days">
      <p>
        {wordsOf(data)} <Link to="/coverage">All sessions</Link>
      </p>
    </Section>
  );
}

function wordsOf({ series, more }: { series: readonly CoverageView[]; more: boolean }): string {
  const sessions = new Map<string, number>();
  let listings = 0;
  for (const { reasons } of series) {
    const wrong = reasons.filter(({ state, reason }) => state === 'missing' && !harmless.has(reason));
    if (wrong.length > 0) listings += 1;
    for (const { reason, sessions: count } of wrong) {
      const why = reasonWords[reason];
      sessions.set(why, (sessions.get(why) ?? 0) + count);
    }
  }
  if (listings === 0) return more ? 'None missing of the series looked at.' : 'None missing.';
  const why = [...sessions].map(([words, count]) => `${formatCount(count)} ${words}`).join(', ');
  return `${more ? 'At least ' : ''}${plural(listings, 'series', 'series')} ${listings === 1 ? 'misses' : 'miss'} sessions: ${why}.`;
}
