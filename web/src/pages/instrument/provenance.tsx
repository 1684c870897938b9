import { Link } from '@tanstack/react-router';
import type { QuoteView } from '../../../../core/contracts/http/market.ts';
import { Copyable } from '../../components/copyable.tsx';
import { Moment } from '../../components/moment.tsx';
import { RawAnswers } from '../../components/raw-answers.tsx';
import styles from './facts.module.css';

/** The origin of the price: market time, fetch, raw answer, ingest. */
export function Provenance({ quote }: { quote: QuoteView }) {
  const { provenance } = quote;
  return (
    <ol className={styles.path}>
      <li>
        <p>Priced by the market</p>
        <p className={styles.quiet}>
          <Moment at={quote.asOf} zone={quote.instrument.zone} />
          {quote.asOfBasis === 'fetched' && ', the time of the fetch: the source gives no market time'}
        </p>
      </li>
      <li>
        <p>
          Fetched from <bdi>{quote.source}</bdi>
        </p>
        <p className={styles.quiet}>
          <Moment at={quote.fetchedAt} />, part {provenance.part + 1}, attempt {provenance.attempt} of{' '}
          <Link to="/sources/$sourceId" params={{ sourceId: quote.source }} search={{ run: provenance.runId }}>
            this run
          </Link>
        </p>
      </li>
      <li>
        <p>Raw answer stored</p>
        <Copyable value={provenance.blobKey} of="the blob’s key" />
        <RawAnswers runId={provenance.runId} part={provenance.part} highlight={`"${quote.instrument.symbol}"`} />
      </li>
      <li>
        <p>Parsed, checked and stored</p>
        <p className={styles.quiet}>
          <Moment at={quote.ingestedAt} />, parser {provenance.parserVersion}, batch <code>{provenance.batchId}</code>
        </p>
      </li>
    </ol>
  );
}
