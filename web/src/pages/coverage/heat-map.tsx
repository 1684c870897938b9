import { Link } from '@tanstack/react-router';
import { History } from 'lucide-react';
import { useState } from 'react';
import type { CoverageRangeView, CoverageView } from '../../../../core/contracts/http/coverage.ts';
import { useRefusal } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { formatCount, formatShare, plural } from '../../text/format.ts';
import { BackfillDialog } from './backfill-dialog.tsx';
import styles from './heat-map.module.css';
import { harmless, reasonWords } from './reasons.ts';

const day = 86_400_000;

function kindOf({ state, reason }: CoverageRangeView): 'present' | 'missing' | 'harmless' | 'none' {
  if (state === 'present') return 'present';
  if (state === 'no_session') return 'none';
  return reason !== null && harmless.has(reason) ? 'harmless' : 'missing';
}

/** A row for each listing and source, with its sessions from left to right. `named`: each says whose it is. */
export function HeatMap({ series, named = true }: { series: readonly CoverageView[]; named?: boolean }) {
  const [filling, setFilling] = useState<CoverageView | null>(null);
  return (
    <>
      <ul className={styles.key} aria-label="Colours">
        <li data-kind="present">present</li>
        <li data-kind="missing">missing</li>
        <li data-kind="harmless">not collected, not traded or not due yet</li>
        <li data-kind="none">no session</li>
      </ul>
      <ul className={styles.rows}>
        {series.map((one) => (
          <Row
            key={`${one.instrument.symbol} ${one.instrument.mic} ${one.source}`}
            of={one}
            named={named}
            onFill={setFilling}
          />
        ))}
      </ul>
      {filling && (
        <BackfillDialog
          symbol={filling.instrument.symbol}
          sourceId={filling.source}
          interval={filling.interval}
          from={filling.ranges.find(({ state }) => state === 'missing')?.from ?? filling.from}
          to={filling.ranges.findLast(({ state }) => state === 'missing')?.to ?? filling.to}
          onClose={() => setFilling(null)}
        />
      )}
    </>
  );
}

function Row({ of, named, onFill }: { of: CoverageView; named: boolean; onFill: (of: CoverageView) => void }) {
  const { instrument, source, from, to, present, missing, ranges } = of;
  const refusal = useRefusal();
  const start = Date.parse(from);
  const days = (Date.parse(to) - start) / day + 1;
  const due = present + missing;
  const reasons = of.reasons
    .filter(({ state }) => state === 'missing')
    .map(({ reason, sessions }) => `${formatCount(sessions)} ${reasonWords[reason]}`)
    .join(', ');
  const words = missing === 0 ? 'none missing' : `${plural(missing, 'session')} missing: ${reasons}`;
  return (
    <li className={styles.row} data-named={named}>
      {named && (
        <p className={styles.name}>
          <Link to="/market/$symbol" params={{ symbol: instrument.symbol }}>
            <bdi>{instrument.symbol}</bdi>
          </Link>{' '}
          <span>{source}</span>
        </p>
      )}
      <svg
        viewBox={`0 0 ${days} 10`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${instrument.symbol} from ${source}, ${from} to ${to}: ${plural(present, 'session')} present, ${words}`}
      >
        {ranges.map((range) => (
          <rect
            key={range.from}
            className={styles[kindOf(range)]}
            x={(Date.parse(range.from) - start) / day}
            y="0"
            width={(Date.parse(range.to) - Date.parse(range.from)) / day + 1}
            height="10"
          >
            <title>
              {range.from === range.to ? range.from : `${range.from} to ${range.to}`}:{' '}
              {range.reason === null ? 'present' : reasonWords[range.reason]}
            </title>
          </rect>
        ))}
      </svg>
      <p className={styles.share}>{due === 0 ? '' : formatShare(present / due)}</p>
      <p className={styles.words}>
        {words}
        {of.doubtful > 0 && `; ${plural(of.doubtful, 'bar')} in doubt`}
      </p>
      {missing > 0 && (
        <Button
          look="plain"
          className={styles.fill}
          aria-label={`Backfill ${instrument.symbol} from ${source}`}
          refusal={refusal}
          icon={<History aria-hidden="true" />}
          onClick={() => onFill(of)}
        >
          Backfill …
        </Button>
      )}
    </li>
  );
}
