import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { HeartPulse, KeyRound, Pause, Play, RefreshCw } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import type { SourceView } from '../../../../core/contracts/http/operations.ts';
import { causeMeanings, whyInWords } from '../../../../core/contracts/words/causes.ts';
import { continueLogin, runSource, setResume, switchSource } from '../../actions/operate.ts';
import { recoverSource } from '../../actions/recover.ts';
import { useNow } from '../../api/clock.ts';
import { useRefusal } from '../../api/session.ts';
import { QuotaBar } from '../../components/bar.tsx';
import { Button } from '../../components/button.tsx';
import { Moment, NextRun } from '../../components/moment.tsx';
import { PartBars } from '../../components/parts.tsx';
import { StatusDisc } from '../../components/status-disc.tsx';
import { StopEnd } from '../../components/stop-end.tsx';
import { cronWords } from '../../sources/schedule.ts';
import { needsAttention, statusOf, statusWords } from '../../sources/status.ts';
import { capital, cityOf, missing, plural, words } from '../../text/format.ts';
import { SourceHistory } from './history.tsx';
import styles from './source-card.module.css';

/**
 * A source at a glance: status, score, facts and actions. `alone`: on the source's own page, without its title. `select` stands
 * before the title, `recovery` below the actions.
 */
export function SourceCard({
  source,
  alone = false,
  select,
  recovery,
}: {
  source: SourceView;
  alone?: boolean;
  select?: ReactNode;
  recovery?: ReactNode;
}) {
  const status = statusOf(source);
  const { health, lastRun } = source;
  const why = whyInWords(health);
  /** A healthy source needs no history of what went wrong: it stands on the source's own page. */
  const brief = !alone && !needsAttention(source);
  return (
    <article className={styles.card} aria-label={source.title}>
      <header className={styles.head}>
        {select}
        <StatusDisc status={status} className={styles.disc} />
        <h2 className={styles.title}>
          {alone ? (
            'Health'
          ) : (
            <Link to="/sources/$sourceId" params={{ sourceId: source.id }}>
              {source.title}
            </Link>
          )}
        </h2>
        <p className={styles.status} data-status={status}>
          {capital(statusWords[status])}
          {why !== null && !source.paused && `: ${why}`}
          {needsAttention(source) && health.since !== null && (
            <span className={styles.since}>
              {' '}
              since <Moment at={health.since} />
            </span>
          )}
        </p>
        <p className={styles.score} title="Score of 100, from the five parts below">
          {health.score === null || source.paused ? missing : health.score}
        </p>
      </header>
      <SourceHistory source={source} />
      <PartBars parts={health.parts} />
      {needsAttention(source) && health.cause !== null && health.login === null && (
        <p className={styles.meaning}>{causeMeanings[health.cause]}</p>
      )}
      {health.cause === null && health.message !== null && !source.paused && (
        <p className={styles.meaning}>{health.message}</p>
      )}
      {health.login !== null && <LoginOnHold login={health.login} />}
      {source.credentials?.isSet === false && <CredentialsHint hint={source.credentials.hint} />}
      <dl className={styles.facts}>
        <Fact name="Last success">
          <Moment at={health.lastSuccessAt} />
        </Fact>
        <Fact name="Last run">{lastRun ? <LastRun source={source} run={lastRun} /> : 'none yet'}</Fact>
        {!brief && (
          <Fact name="Last failure">
            {health.lastFailure ? <LastFailure failure={health.lastFailure} source={source} /> : 'none'}
          </Fact>
        )}
        <Fact name="Next run">
          {source.paused && source.pausedUntil === null ? 'none while stopped' : <NextRun at={health.nextRunAt} />}
        </Fact>
        {health.incidents.length > 0 && (
          <Fact name="Incidents">
            {health.incidents.map((incident) => (
              <span key={incident.id} className={styles.incident}>
                {whyInWords(incident)}, {plural(incident.count, 'failure')} since <Moment at={incident.openedAt} />
              </span>
            ))}
          </Fact>
        )}
        {health.breaker.state !== 'closed' && (
          <Fact name="Breaker">
            {words(health.breaker.state)}
            {health.breaker.until !== null && (
              <>
                , <NextTry at={health.breaker.until} />
              </>
            )}
          </Fact>
        )}
      </dl>
      <div className={styles.quota}>
        <QuotaBar label="This minute" {...health.quota.minute} />
        <QuotaBar label="Today" {...health.quota.day} />
      </div>
      <Actions source={source} />
      {recovery}
      <footer className={styles.foot}>
        {source.jobs.map((job) => `${job.kind} ${scheduleOf(job)}`).join(' · ')} ·{' '}
        <a href={source.terms.url} target="_blank" rel="noreferrer">
          {source.terms.licence === 'unknown' ? 'licence unknown' : `licence: ${source.terms.licence}`}
        </a>
      </footer>
    </article>
  );
}

/** Shown while the source has no credentials. */
function CredentialsHint({ hint }: { hint: string | null }) {
  return (
    <p className={styles.hint}>
      <KeyRound aria-hidden="true" />
      <span>
        <strong>No credentials are set.</strong> <WithCode text={hint ?? ''} />
      </span>
    </p>
  );
}

/** Shown while nothing signs in: what the source wants, by its code, and what to do about it. */
function LoginOnHold({ login }: { login: NonNullable<SourceView['health']['login']> }) {
  return (
    <p className={styles.hint}>
      <KeyRound aria-hidden="true" />
      <span>
        <strong>{capital(words(login.detail.code))}.</strong> <WithCode text={login.hint} />
        {login.until !== null && (
          <>
            {' '}
            Until <Moment at={login.until} />.
          </>
        )}
      </span>
    </p>
  );
}

/** A text whose parts between backticks are shown as code. */
function WithCode({ text }: { text: string }) {
  return <>{text.split('`').map((part, at) => (at % 2 === 1 ? <code key={part}>{part}</code> : part))}</>;
}

/** Start or stop, run now, and recover. With a read-only key the buttons are disabled, and beside them stands why. */
export function Actions({ source }: { source: SourceView }) {
  const navigate = useNavigate();
  const refusal = useRefusal();
  const turn = useMutation({ mutationFn: (to: 'start' | 'stop') => switchSource(source, to) });
  const run = useMutation({
    mutationFn: () =>
      runSource(
        source,
        (id) => void navigate({ to: '/sources/$sourceId', params: { sourceId: source.id }, search: { run: id } }),
      ),
  });
  const recover = useMutation({
    mutationFn: () =>
      recoverSource(source, () => void navigate({ to: '/sources/$sourceId', params: { sourceId: source.id } })),
  });
  const resumeLogin = useMutation({ mutationFn: () => continueLogin(source) });
  const reasonId = useId();
  const refused = {
    refusal,
    'aria-describedby': refusal === null ? undefined : reasonId,
  };
  return (
    <div className={styles.actions}>
      <Button
        {...refused}
        aria-label={`${source.paused ? 'Start' : 'Stop'} ${source.title}`}
        icon={source.paused ? <Play aria-hidden="true" /> : <Pause aria-hidden="true" />}
        busy={turn.isPending}
        onClick={() => turn.mutate(source.paused ? 'start' : 'stop')}
      >
        {source.paused ? 'Start' : 'Stop'}
      </Button>
      <Button
        {...refused}
        aria-label={`Run now: ${source.title}`}
        icon={<RefreshCw aria-hidden="true" />}
        busy={run.isPending}
        onClick={() => run.mutate()}
      >
        Run now
      </Button>
      <Button
        {...refused}
        aria-label={`Recover ${source.title}`}
        icon={<HeartPulse aria-hidden="true" />}
        busy={recover.isPending}
        onClick={() => recover.mutate()}
      >
        Recover
      </Button>
      {source.health.login !== null && (
        <Button
          {...refused}
          aria-label={`Continue login: ${source.title}`}
          icon={<KeyRound aria-hidden="true" />}
          busy={resumeLogin.isPending}
          onClick={() => resumeLogin.mutate()}
        >
          Continue login
        </Button>
      )}
      {source.paused && (
        <StopEnd
          name={source.title}
          until={source.pausedUntil}
          refusal={refusal}
          onPick={(minutes) => setResume(source, minutes)}
        />
      )}
      {refusal !== null && (
        <p id={reasonId} className={styles.refusal}>
          {refusal}
        </p>
      )}
    </div>
  );
}

/** When a breaker lets the next request through; one that is due has begun. */
function NextTry({ at }: { at: string }) {
  const now = useNow();
  if (Date.parse(at) <= now) return 'the next request is a try';
  return (
    <>
      tries again <Moment at={at} />
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function LastRun({ source, run }: { source: SourceView; run: NonNullable<SourceView['lastRun']> }) {
  return (
    <>
      <Link to="/sources/$sourceId" params={{ sourceId: source.id }} search={{ run: run.id }}>
        {run.job} {words(run.status)}
      </Link>{' '}
      <Moment at={run.finishedAt ?? run.dueAt} />, {plural(run.accepted, 'row')}
      {run.rejected > 0 && <strong>, {run.rejected} rejected</strong>}
    </>
  );
}

function LastFailure({
  failure,
  source,
}: {
  failure: NonNullable<SourceView['health']['lastFailure']>;
  source: SourceView;
}) {
  return (
    <>
      <Link to="/sources/$sourceId" params={{ sourceId: source.id }} search={{ run: failure.runId }}>
        {whyInWords(failure)}
      </Link>{' '}
      <Moment at={failure.at} />
      {failure.message !== null && <span className={styles.message}>{failure.message}</span>}
    </>
  );
}

function scheduleOf(job: SourceView['jobs'][number]): string {
  const when =
    job.everySeconds === null ? `${cronWords(job.cron ?? '')} (${cityOf(job.zone ?? 'UTC')})` : every(job.everySeconds);
  return job.inSession ? `${when} in session` : when;
}

function every(seconds: number): string {
  if (seconds === 60) return 'each minute';
  if (seconds === 3_600) return 'hourly';
  if (seconds === 86_400) return 'daily';
  if (seconds % 3_600 === 0) return `every ${seconds / 3_600} h`;
  return seconds % 60 === 0 ? `every ${seconds / 60} min` : `every ${seconds} s`;
}
