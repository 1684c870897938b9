import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { X } from 'lucide-react';
import type { RunDetailView } from '../../../../core/contracts/http/operations.ts';
import { causeMeanings, whyInWords } from '../../../../core/contracts/words/causes.ts';
import { runQuery } from '../../api/queries.ts';
import { Copyable } from '../../components/copyable.tsx';
import { Moment } from '../../components/moment.tsx';
import { RawAnswers } from '../../components/raw-answers.tsx';
import { ErrorState, Loading } from '../../components/states.tsx';
import { plural, words } from '../../text/format.ts';
import styles from './run-detail.module.css';

type Part = RunDetailView['parts'][number];

/** One run in detail: its tasks, their attempts, and the raw answers. */
export function RunDetail({ id }: { id: string }) {
  const detail = useQuery(runQuery(id));
  const run = detail.data;
  return (
    <section className={styles.run} aria-label="Run">
      {run && (
        <>
          <header className={styles.head}>
            <h2>
              {run.job}, {words(run.status)}
              {run.reason !== null && `: ${whyInWords(run)}`}
            </h2>
            <Link
              to="/sources/$sourceId"
              params={{ sourceId: run.sourceId }}
              aria-label="Close run"
              className={styles.close}
            >
              <X aria-hidden="true" />
            </Link>
          </header>
          <p className={styles.id}>
            <code>{run.id}</code>
          </p>
          {run.cause !== null && <p className={styles.meaning}>{causeMeanings[run.cause]}</p>}
          <ol className={styles.parts}>
            {run.parts.map((part) => (
              <PartDetail key={part.part} runId={run.id} part={part} of={run.parts.length} />
            ))}
          </ol>
          {run.parts.length === 0 && <p className={styles.meaning}>Nothing was queued for this run.</p>}
        </>
      )}
      {detail.isPending && <Loading what="the run" rows={3} />}
      {!run && detail.isError && (
        <ErrorState
          what="this run"
          error={detail.error}
          retrying={detail.isFetching}
          onRetry={() => detail.refetch()}
        />
      )}
    </section>
  );
}

function PartDetail({ runId, part, of }: { runId: string; part: Part; of: number }) {
  return (
    <li>
      <p>
        <strong>
          Part {part.part + 1} of {of}
        </strong>{' '}
        {words(part.status)}, {plural(part.symbols.length, 'symbol')}
        {part.message !== null && <span className={styles.message}>{part.message}</span>}
      </p>
      <p className={styles.symbols} title={part.symbols.join(', ')}>
        {part.symbols.join(', ')}
      </p>
      {part.attempts.some(({ blobKey }) => blobKey !== null) && <RawAnswers runId={runId} part={part.part} />}
      {part.attempts.map((attempt) => (
        <div key={attempt.attempt} className={styles.attempt}>
          <p>
            Attempt {attempt.attempt}:{' '}
            {attempt.ok === null ? 'running' : attempt.ok ? 'answered' : (whyInWords(attempt) ?? 'failed')}{' '}
            <Moment at={attempt.finishedAt ?? attempt.startedAt} />
            {attempt.requests !== null && `, ${plural(attempt.requests, 'request')}`}
            {attempt.latencyMs !== null && `, ${Math.round(attempt.latencyMs)} ms`}
          </p>
          {attempt.message !== null && <p className={styles.message}>{attempt.message}</p>}
          {attempt.blobKey !== null && <Copyable value={attempt.blobKey} of="the blob’s key" />}
          {attempt.artifacts.length > 0 && (
            <p className={styles.artifacts}>
              Screenshot and page:{' '}
              {attempt.artifacts.map(({ name, url }) => (
                <a key={name} href={url} target="_blank" rel="noreferrer">
                  {name.endsWith('.png') ? 'screenshot' : 'page as HTML'}
                </a>
              ))}
            </p>
          )}
        </div>
      ))}
    </li>
  );
}
