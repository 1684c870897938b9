import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useRef } from 'react';
import type { QuoteView } from '../../../../core/contracts/http/market.ts';
import { quoteQuery } from '../../api/queries.ts';
import { CandidateList } from '../../components/candidate-list.tsx';
import { ErrorState, Loading } from '../../components/states.tsx';
import { formatFraction } from '../../text/format.ts';
import styles from './candidates.module.css';

/** The quote whose sources differ, and the button that opened the popover. */
export interface Disputed {
  readonly quote: QuoteView;
  readonly by: HTMLElement;
}

/** The candidates of a disputed price, in a popover at the button. Escape or a click elsewhere closes it. */
export function Candidates({ disputed, onClose }: { disputed: Disputed; onClose: () => void }) {
  const popover = useRef<HTMLDivElement>(null);
  const titleId = useId();
  const { symbol } = disputed.quote.instrument;
  const explained = useQuery(quoteQuery(symbol));
  useEffect(() => {
    popover.current?.showPopover({ source: disputed.by });
  }, [disputed]);
  return (
    <div
      ref={popover}
      popover="auto"
      role="dialog"
      aria-labelledby={titleId}
      className={styles.popover}
      onToggle={(event) => {
        if (event.newState === 'closed') onClose();
      }}
    >
      <h2 id={titleId}>
        The sources differ on <bdi>{symbol}</bdi>
      </h2>
      <p className={styles.spread}>By {formatFraction(disputed.quote.spread).replace('+', '')} at most.</p>
      {explained.data && <CandidateList quote={explained.data} />}
      {explained.isPending && <Loading what="the candidates" rows={2} />}
      {!explained.data && explained.isError && (
        <ErrorState what="the candidates" error={explained.error} onRetry={() => explained.refetch()} />
      )}
    </div>
  );
}
