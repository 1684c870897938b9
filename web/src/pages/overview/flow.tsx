import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { FlowSampleView } from '../../../../core/contracts/http/health.ts';
import { clock } from '../../api/clock.ts';
import { flowQuery } from '../../api/queries.ts';
import { Choice, Choices } from '../../components/choice.tsx';
import { DetailsTable } from '../../components/details-table.tsx';
import { Section } from '../../components/page.tsx';
import { SmallMultiple, TimeAxis } from '../../components/small-multiple.tsx';
import { ErrorState } from '../../components/states.tsx';
import { formatCount, formatExact, missing } from '../../text/format.ts';

const times = {
  minute: { step: 60_000, count: 180, begins: '3 hours ago', long: 'last 3 hours by the minute' },
  hour: { step: 3_600_000, count: 7 * 24, begins: '7 days ago', long: 'last 7 days by the hour' },
} as const;

interface Series {
  readonly label: string;
  readonly meaning: string;
  readonly value: (sample: FlowSampleView) => number | null;
  readonly text: (value: number) => string;
}

const series: readonly Series[] = [
  {
    label: 'Answers',
    meaning: 'Raw answers that were read',
    value: ({ batches }) => batches,
    text: formatCount,
  },
  { label: 'Rows', meaning: 'Rows that were new or changed', value: ({ rows }) => rows, text: formatCount },
  {
    label: 'Events',
    meaning: 'Events that waited for the relay',
    value: ({ waiting }) => waiting,
    text: formatCount,
  },
  {
    label: 'Relay lag',
    meaning: 'The age of the oldest event that waited for the relay',
    value: ({ oldestSeconds }) => oldestSeconds,
    text: (value) => `${formatCount(Math.round(value))} s`,
  },
];

/** What was stored and what waited for the relay, above each other, each to its own scale. */
export function Flow() {
  const [by, setBy] = useState<'minute' | 'hour'>('minute');
  const read = useQuery(flowQuery(by));
  const { step, count, begins, long } = times[by];
  const samples = (read.data ?? []).map((sample) => ({ ...sample, from: Date.parse(sample.at) }));
  const to = (Math.floor(clock.now() / step) + 1) * step;
  return (
    <Section title="Flow" note="Stored, and waiting for the relay of events; each to its own scale">
      <Choices>
        <Choice
          label="Time"
          value={by}
          options={[
            ['minute', '3 hours'],
            ['hour', '7 days'],
          ]}
          onPick={(one) => setBy(one === 'hour' ? 'hour' : 'minute')}
        />
      </Choices>
      {series.map(({ label, meaning, value, text }) => {
        const most = Math.max(0, ...samples.flatMap((sample) => value(sample) ?? []));
        // Of a minute or hour that is over: the one under way is not whole.
        const last = samples.findLast((sample) => sample.from < to - step && value(sample) !== null);
        const latest = last === undefined ? null : value(last);
        return (
          <SmallMultiple
            key={label}
            label={label}
            meaning={meaning}
            points={samples.map((sample) => ({ at: sample.from, value: value(sample) }))}
            from={to - count * step}
            to={to}
            step={step}
            most={most}
            latest={textOf(latest, text)}
            said={
              latest === null ? `${long}, nothing known yet` : `${long}, at most ${text(most)}, at last ${text(latest)}`
            }
          />
        );
      })}
      <TimeAxis from={begins} to="now" />
      <DetailsTable
        columns={['Time', ...series.map(({ label }) => label)]}
        rows={() =>
          samples
            .toReversed()
            .map((sample) => [
              formatExact(sample.from),
              ...series.map(({ value, text }) => textOf(value(sample), text)),
            ])
        }
      />
      {!read.data && read.isError && (
        <ErrorState
          what="what was stored"
          error={read.error}
          retrying={read.isFetching}
          onRetry={() => read.refetch()}
        />
      )}
    </Section>
  );
}

function textOf(value: number | null, text: (value: number) => string): string {
  return value === null ? missing : text(value);
}
