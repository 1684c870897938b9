import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { HealthSampleView } from '../../../../core/contracts/http/operations.ts';
import { clock } from '../../api/clock.ts';
import { healthByDayQuery, healthByHourQuery } from '../../api/queries.ts';
import { Choice, Choices } from '../../components/choice.tsx';
import { DetailsTable } from '../../components/details-table.tsx';
import { Section } from '../../components/page.tsx';
import { partNames } from '../../components/parts.tsx';
import { SmallMultiple, TimeAxis } from '../../components/small-multiple.tsx';
import { ErrorState, Loading } from '../../components/states.tsx';
import { formatExact, missing } from '../../text/format.ts';

const hourMs = 3_600_000;
const times = {
  hour: { step: hourMs, count: 7 * 24, begins: '7 days ago', ends: 'now', long: 'last 7 days by the hour' },
  day: { step: 24 * hourMs, count: 90, begins: '90 days ago', ends: 'today', long: 'last 90 days by the day' },
} as const;

const share = (value: number | null) => (value === null ? missing : `${Math.floor(value * 100)} %`);

/** What the score of a source was made of over time: the score and each of its parts, below one another. */
export function ScoreParts({ sourceId }: { sourceId: string }) {
  const [by, setBy] = useState<'hour' | 'day'>('hour');
  const read = useQuery(by === 'hour' ? healthByHourQuery(sourceId) : healthByDayQuery(sourceId));
  const samples = read.data;
  const { step, count, begins, ends, long } = times[by];
  const to = (Math.floor(clock.now() / step) + 1) * step;
  const of = { from: to - count * step, to, step };
  const shown = (samples ?? []).map((sample) => ({ ...sample, from: Date.parse(sample.at) }));

  return (
    <Section title="What the score was made of">
      <Choices>
        <Choice
          label="Time"
          value={by}
          options={[
            ['hour', '7 days'],
            ['day', '90 days'],
          ]}
          onPick={(one) => setBy(one === 'day' ? 'day' : 'hour')}
        />
      </Choices>
      {samples && (
        <>
          <SmallMultiple
            label="Score"
            points={shown.map(({ from: at, score }) => ({ at, value: score }))}
            {...of}
            most={100}
            latest={shown.at(-1)?.score ?? missing}
            said={saidOf(
              shown.map(({ score }) => score),
              (value) => String(Math.round(value)),
              long,
            )}
          />
          {partNames.map(([part, label, meaning]) => (
            <SmallMultiple
              key={part}
              label={label}
              meaning={meaning}
              points={shown.map(({ from: at, parts }) => ({ at, value: parts[part] }))}
              {...of}
              most={1}
              latest={share(shown.at(-1)?.parts[part] ?? null)}
              said={saidOf(
                shown.map(({ parts }) => parts[part]),
                share,
                long,
              )}
              tone="well"
            />
          ))}
          <TimeAxis from={begins} to={ends} />
          <DetailsTable
            columns={['Time', 'Score', ...partNames.map(([, label]) => label)]}
            rows={() => shown.toReversed().map((sample) => rowOf(sample, by))}
          />
        </>
      )}
      {!samples && read.isPending && <Loading what="the history of the score" rows={6} />}
      {!samples && read.isError && (
        <ErrorState
          what="the history of the score"
          error={read.error}
          retrying={read.isFetching}
          onRetry={() => read.refetch()}
        />
      )}
    </Section>
  );
}

function rowOf({ at, score, parts }: HealthSampleView, by: 'hour' | 'day'): readonly (string | number)[] {
  const time = by === 'hour' ? formatExact(Date.parse(at)) : at.slice(0, 10);
  return [time, score ?? missing, ...partNames.map(([part]) => share(parts[part]))];
}

function saidOf(values: readonly (number | null)[], text: (value: number) => string, long: string): string {
  const known = values.filter((value) => value !== null);
  const last = known.at(-1);
  return last === undefined
    ? `${long}, nothing known yet`
    : `${long}, at last ${text(last)}, lowest ${text(Math.min(...known))}`;
}
