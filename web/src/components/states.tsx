import { CircleAlert, RotateCcw } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { clock } from '../api/clock.ts';
import { requestErrorOf } from '../api/failure.ts';
import { capital } from '../text/format.ts';
import { Button } from './button.tsx';
import { classNames } from './class-names.ts';
import { Moment } from './moment.tsx';
import styles from './states.module.css';

/** Loading, honestly: what is waited for, and after three seconds for how long already. Bars hold the place. */
export function Loading({ what, rows = 6 }: { what: string; rows?: number }) {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSeconds((before) => before + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <div className={styles.loading}>
      <p role="status" className={styles.waiting}>
        Loading {what} …{seconds >= 3 && <span> the API has not answered for {seconds} s</span>}
      </p>
      <div aria-hidden="true">
        {Array.from({ length: rows }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the bars are all alike and never move
          <div key={index} className={styles.bar} />
        ))}
      </div>
    </div>
  );
}

/** Nothing to show: what will show here, and how to make it. */
export function Empty({
  title,
  icon,
  children,
  action,
}: {
  title: string;
  icon?: ReactNode;
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={styles.empty}>
      {icon}
      <h2>{title}</h2>
      <p>{children}</p>
      {action}
    </div>
  );
}

/** A failed read with nothing older to show: what happened, what to do, and the request's id for the logs. */
export function ErrorState({
  what,
  error,
  onRetry,
  retrying = false,
}: {
  what: string;
  error: unknown;
  onRetry: () => void;
  retrying?: boolean;
}) {
  const failure = requestErrorOf(error);
  return (
    <div className={classNames(styles.empty, styles.trouble)} role="alert">
      <CircleAlert aria-hidden="true" />
      <h2>{failure.title}</h2>
      <p>
        {capital(what)} cannot be shown. {failure.message}
      </p>
      <Button icon={<RotateCcw />} busy={retrying} onClick={onRetry}>
        {retrying ? 'Trying …' : 'Try again'}
      </Button>
      {failure.requestId !== null && (
        <p className={styles.request}>
          Request <code>{failure.requestId}</code>
        </p>
      )}
    </div>
  );
}

/** A failed refresh above what is still shown: since when it is old, and why. */
export function StaleNotice({
  since,
  error,
  onRetry,
  retrying,
}: {
  since: number;
  error: unknown;
  onRetry: () => void;
  retrying: boolean;
}) {
  const failure = requestErrorOf(error);
  return (
    <div className={styles.staleNotice} role="alert">
      <CircleAlert aria-hidden="true" />
      <p>
        <strong>
          Last updated <Moment at={clock.ofLocal(since)} />.
        </strong>{' '}
        {failure.title}. {failure.message}
        {failure.requestId !== null && (
          <>
            {' '}
            Request <code>{failure.requestId}</code>.
          </>
        )}
      </p>
      <Button icon={<RotateCcw />} busy={retrying} onClick={onRetry}>
        Try again
      </Button>
    </div>
  );
}
