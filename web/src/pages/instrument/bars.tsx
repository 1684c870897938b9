import { useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Download, GitCompareArrows, History } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import type { BarsView, QuoteView } from '../../../../core/contracts/http/market.ts';
import { clock } from '../../api/clock.ts';
import { findingsQuery } from '../../api/coverage-queries.ts';
import { requestErrorOf } from '../../api/failure.ts';
import { type BarsAsked, barsPath, barsQuery } from '../../api/queries.ts';
import { useRefusal } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Choice } from '../../components/choice.tsx';
import { Section } from '../../components/page.tsx';
import { Empty, ErrorState, Loading } from '../../components/states.tsx';
import { currencyText, formatPrice, numberOf, words } from '../../text/format.ts';
import { BackfillDialog } from '../coverage/backfill-dialog.tsx';
import styles from './bars.module.css';
import { Coverage } from './coverage.tsx';

const route = getRouteApi('/market/$symbol');
const Candles = lazy(() => import('./candles.tsx'));

const ranges = [
  { id: '1m', text: '1 month', days: 31 },
  { id: '6m', text: '6 months', days: 183 },
  { id: '1y', text: '1 year', days: 366 },
  { id: '5y', text: '5 years', days: 1_827 },
  { id: 'all', text: 'All', days: null },
] as const;

const intervals = [
  ['', 'Days'],
  ['1wk', 'Weeks'],
  ['1mo', 'Months'],
  ['1h', 'Hours'],
  ['5m', '5 minutes'],
] as const;

const adjustments = [
  ['', 'as the source has them'],
  ['raw', 'as traded'],
  ['splits', 'for splits'],
  ['splits_and_dividends', 'for splits and dividends'],
] as const;

/** The bars of an instrument as a chart: range, interval, adjustment and source are in the address. */
export function Bars({ quote, decimals }: { quote: QuoteView; decimals: number }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const refusal = useRefusal();
  const [filling, setFilling] = useState(false);
  const { symbol } = quote.instrument;
  const range = ranges.find(({ id }) => id === search.range) ?? ranges[2];
  const asked: BarsAsked = {
    interval: search.interval ?? '1d',
    from: range.days === null ? undefined : clock.dayBefore(range.days),
    adjustment: search.adjustment,
    source: search.source,
  };
  const answer = useQuery(barsQuery(symbol, asked));
  const findings = useInfiniteQuery(findingsQuery({ symbol })).data?.pages.flatMap((page) => page.findings) ?? [];
  const bars = answer.isError ? undefined : answer.data;
  const none = bars?.bars.length === 0 || (answer.isError && requestErrorOf(answer.error).code === 'no_bars');
  const sources = [...new Set([quote.source, ...(quote.candidates ?? []).map(({ source }) => source)])];
  const compared = search.compare === undefined ? [] : sources.filter((source) => source !== bars?.source);
  const others = useQueries({
    queries: compared.map((source) => barsQuery(symbol, { ...asked, source })),
    // Another array draws the chart again: this is the same one while nothing in it has changed.
    combine: (answers) => answers.flatMap(({ data, isError }) => (data && !isError ? [data] : [])),
  });
  const without = compared.filter((source) => !others.some((other) => other.source === source));
  const change = (part: Partial<typeof search>) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  return (
    <Section title="Bars" note={bars && bars.bars.length > 0 && noteOf(bars)}>
      <div className={styles.choices}>
        <fieldset className={styles.ranges}>
          <legend>Range</legend>
          {ranges.map(({ id, text }) => (
            <button
              key={id}
              type="button"
              className={styles.range}
              aria-pressed={id === range.id}
              onClick={() => change({ range: id === '1y' ? undefined : id })}
            >
              {text}
            </button>
          ))}
        </fieldset>
        <Choice
          label="Interval"
          value={search.interval ?? ''}
          options={intervals}
          onPick={(interval) => change({ interval })}
        />
        <Choice
          label="Adjusted"
          value={search.adjustment ?? ''}
          options={adjustments}
          onPick={(adjustment) => change({ adjustment })}
        />
        {sources.length > 1 && (
          <>
            <Choice
              label="Source"
              value={search.source ?? ''}
              options={[['', 'best'], ...sources.map((source) => [source, source] as const)]}
              onPick={(source) => change({ source })}
            />
            <button
              type="button"
              className={styles.range}
              aria-pressed={search.compare !== undefined}
              onClick={() => change({ compare: search.compare === undefined ? '1' : undefined })}
            >
              <GitCompareArrows aria-hidden="true" size={14} /> Compare sources
            </button>
          </>
        )}
      </div>
      {bars?.warnings.map((warning) => (
        <p key={warning.code} className={styles.warning}>
          {warning.message}
        </p>
      ))}
      {bars && bars.bars.length > 0 && (
        <>
          <Suspense fallback={<Loading what="the chart" rows={6} />}>
            <Candles bars={bars} others={others} findings={findings} decimals={decimals} />
          </Suspense>
          {without.length > 0 && <p className={styles.warning}>No such bars of {without.join(', ')}.</p>}
          <Actions actions={bars.actions} />
          <div className={styles.choices}>
            <a href={`/api/v1${barsPath(symbol, asked, 'csv')}`} download={`${symbol}-${asked.interval}.csv`}>
              <Download aria-hidden="true" size={14} /> CSV
            </a>
            <Button
              look="plain"
              refusal={refusal}
              icon={<History aria-hidden="true" />}
              onClick={() => setFilling(true)}
            >
              Backfill …
            </Button>
          </div>
          <Coverage
            symbol={symbol}
            source={bars.source}
            interval={bars.interval}
            from={asked.from ?? bars.bars[0]?.startsAt.slice(0, 10) ?? ''}
          />
        </>
      )}
      {none && (
        <Empty
          title="No such bars yet"
          action={
            <Button refusal={refusal} icon={<History aria-hidden="true" />} onClick={() => setFilling(true)}>
              Backfill …
            </Button>
          }
        >
          Open, high, low and close of each day appear here after the next run of a source’s bars job. A backfill reads
          those of the past, and says first what it costs.
        </Empty>
      )}
      {answer.isPending && <Loading what="bars" rows={6} />}
      {answer.isError && !none && (
        <ErrorState
          what="the chart"
          error={answer.error}
          retrying={answer.isFetching}
          onRetry={() => answer.refetch()}
        />
      )}
      {filling && (
        <BackfillDialog
          symbol={symbol}
          sourceId={search.source ?? bars?.source ?? quote.source}
          interval={asked.interval}
          from={asked.from ?? '1990-01-01'}
          to={clock.dayBefore(0)}
          onClose={() => setFilling(false)}
        />
      )}
    </Section>
  );
}

function noteOf({ currency, adjustment, basis, source }: BarsView): string {
  const shown = adjustment === 'none' ? basis : adjustment;
  return `${currencyText(currency)}, ${shown === 'raw' ? 'as traded' : `adjusted for ${words(shown)}`}, ${source}`;
}

/** Dividends and splits, newest first. They are marked in the chart, too. */
function Actions({ actions }: { actions: BarsView['actions'] }) {
  if (actions.length === 0) return null;
  return (
    <details className={styles.actions}>
      <summary>Dividends and splits ({actions.length})</summary>
      <ul>
        {actions.toReversed().map(({ type, exDate, ratio, amount, currency, source }) => (
          <li key={`${type} ${exDate} ${source}`}>
            <span>{exDate}</span>
            <span>{words(type)}</span>
            <span>
              {ratio === null
                ? `${formatPrice(amount, 4)} ${currency ?? ''}`
                : `${Number((numberOf(ratio) ?? 1).toPrecision(6))} for 1`}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
