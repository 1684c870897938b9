import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Check, Dot, LoaderCircle, X } from 'lucide-react';
import type { RecoveryStep, RecoveryView } from '../../../../core/contracts/http/recovery.ts';
import { whyInWords } from '../../../../core/contracts/words/causes.ts';
import { recoveriesQuery } from '../../api/queries.ts';
import { Moment } from '../../components/moment.tsx';
import { Section } from '../../components/page.tsx';
import { ErrorState } from '../../components/states.tsx';
import { StatusDisc } from '../../components/status-disc.tsx';
import { capital, words } from '../../text/format.ts';
import styles from './recoveries.module.css';

/** The recoveries of a source with their steps, live. Nothing is shown when there was none. */
export function Recoveries({ sourceId }: { sourceId: string }) {
  const recoveries = useQuery(recoveriesQuery(sourceId));
  if (recoveries.isPending || recoveries.data?.length === 0) return null;
  return (
    <Section title="Recoveries">
      {recoveries.data ? (
        <ul className={styles.recoveries}>
          {recoveries.data.map((recovery, at) => (
            <Recovery key={recovery.id} recovery={recovery} open={at === 0} />
          ))}
        </ul>
      ) : (
        <ErrorState
          what="the recoveries"
          error={recoveries.error}
          retrying={recoveries.isFetching}
          onRetry={() => recoveries.refetch()}
        />
      )}
    </Section>
  );
}

const discs = {
  pending: 'unknown',
  running: 'unknown',
  verified: 'healthy',
  mitigated: 'degraded',
  failed: 'failed',
} as const;

function Recovery({ recovery, open }: { recovery: RecoveryView; open: boolean }) {
  const { status, reason, trigger, strategy, finishedAt, requestedAt, held } = recovery;
  return (
    <li>
      <details open={open}>
        <summary>
          <StatusDisc status={discs[status]} />
          <span>
            <strong>{capital(status)}</strong>
            {reason !== null && `: ${whyInWords(recovery)}`}
            {held === false && ', did not hold'}
          </span>
          <span className={styles.when}>
            {trigger === 'automatic' ? 'automatic' : 'manual'}, <Moment at={finishedAt ?? requestedAt} />
          </span>
        </summary>
        {recovery.message !== null && <p className={styles.message}>{recovery.message}</p>}
        {strategy !== null && <p className={styles.strategy}>Strategy: {strategy}</p>}
        <RecoverySteps recovery={recovery} />
        {recovery.canaryRunId !== null && (
          <p className={styles.links}>
            <Link
              to="/sources/$sourceId"
              params={{ sourceId: recovery.sourceId }}
              search={{ run: recovery.canaryRunId }}
            >
              Canary run
            </Link>
            {recovery.fallback && (
              <>
                {' · '}
                <Link
                  to="/sources/$sourceId"
                  params={{ sourceId: recovery.fallback.sourceId }}
                  search={{ run: recovery.fallback.runId }}
                >
                  Run of {recovery.fallback.sourceId}
                </Link>
              </>
            )}
          </p>
        )}
      </details>
    </li>
  );
}

/** The steps of a recovery, as they happen. */
export function RecoverySteps({ recovery: { steps, finishedAt } }: { recovery: RecoveryView }) {
  return (
    <ol className={styles.steps} aria-live={finishedAt === null ? 'polite' : 'off'}>
      {steps.map((step) => (
        <Step key={step.name} step={step} />
      ))}
    </ol>
  );
}

const marks = {
  running: <LoaderCircle aria-hidden="true" />,
  done: <Check aria-hidden="true" />,
  skipped: <Dot aria-hidden="true" />,
  failed: <X aria-hidden="true" />,
} as const;

function Step({ step }: { step: RecoveryStep }) {
  return (
    <li data-status={step.status}>
      {marks[step.status]}
      <span>
        {capital(words(step.name))} <span className={styles.outcome}>{step.status}</span>
        {step.detail !== null && <span className={styles.detail}>{step.detail}</span>}
      </span>
    </li>
  );
}
