import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { QuarantineView } from '../../../../core/contracts/http/operations.ts';
import { attemptOf } from '../../../../core/contracts/s3-keys.ts';
import { requestErrorOf } from '../../api/failure.ts';
import { quoteQuery } from '../../api/queries.ts';
import { Copyable } from '../../components/copyable.tsx';
import { Moment } from '../../components/moment.tsx';
import { RawAnswers } from '../../components/raw-answers.tsx';
import { currencyText, decimalsOf, formatPrice } from '../../text/format.ts';
import styles from './quarantine-page.module.css';

/** All of a quarantined row: what was read beside what was expected and what is stored, and the raw answer it came from. */
export function Detail({ row }: { row: QuarantineView }) {
  const attempt = attemptOf(row.blobKey);
  return (
    <dl className={styles.facts}>
      <dt>Path</dt>
      <dd>
        <code>{row.path === '' ? '(the whole answer)' : row.path}</code>
      </dd>
      <dt>Finding</dt>
      <dd>
        <bdi>{row.detail}</bdi>
      </dd>
      <dt>Row as read</dt>
      <dd>{row.row === null ? 'could not be parsed' : <pre>{JSON.stringify(row.row, null, 2)}</pre>}</dd>
      {row.finding.code === 'price_ratio' && row.finding.than !== undefined && (
        <>
          <dt>Expected near</dt>
          <dd>
            <bdi>{formatPrice(row.finding.than, decimalsOf([row.finding.than]))}</bdi>,{' '}
            {row.finding.to === 'stored' ? 'what was stored then' : 'the previous close of the same answer'}
          </dd>
        </>
      )}
      {row.symbol !== null && <Stored symbol={row.symbol} sourceId={row.sourceId} />}
      <dt>Run</dt>
      <dd>
        <Link to="/sources/$sourceId" params={{ sourceId: row.sourceId }} search={{ run: row.runId }}>
          <code>{row.runId}</code>
        </Link>
      </dd>
      <dt>Raw answer</dt>
      <dd>
        <Copyable value={row.blobKey} of="the blob’s key" />
        {attempt && (
          <RawAnswers
            runId={row.runId}
            part={attempt.part}
            highlight={`"${row.symbol ?? row.path.slice(row.path.lastIndexOf('.') + 1)}"`}
            row={{
              ...{ symbol: row.symbol, path: row.path },
              fields: row.finding.code === 'invalid_fields' ? row.finding.fields : [],
            }}
          />
        )}
      </dd>
    </dl>
  );
}

/** What is stored of the listing now: the source's own price, or that of another where it has none. */
function Stored({ symbol, sourceId }: { symbol: string; sourceId: string }) {
  const answer = useQuery(quoteQuery(symbol));
  const quote = answer.data;
  const own = quote?.candidates?.find(({ source }) => source === sourceId) ?? quote;
  return (
    <>
      <dt>Stored now</dt>
      <dd>
        {quote && own && (
          <>
            <Link to="/market/$symbol" params={{ symbol }}>
              {formatPrice(own.price, decimalsOf([own.price]))} {currencyText(quote.currency)}
            </Link>{' '}
            of {own.source}, <Moment at={own.asOf} />
          </>
        )}
        {answer.isPending && '…'}
        {!quote && answer.isError && (requestErrorOf(answer.error).status === 404 ? 'nothing' : 'could not be read')}
      </dd>
    </>
  );
}
