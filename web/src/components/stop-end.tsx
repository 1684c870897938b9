import { useMutation } from '@tanstack/react-query';
import { useNow } from '../api/clock.ts';
import { formatExact, formatRelative } from '../text/format.ts';
import styles from './stop-end.module.css';

const choices = [
  { minutes: 30, words: 'in 30 minutes' },
  { minutes: 2 * 60, words: 'in 2 hours' },
  { minutes: 8 * 60, words: 'in 8 hours' },
  { minutes: 24 * 60, words: 'in a day' },
  { minutes: 7 * 24 * 60, words: 'in a week' },
] as const;

const byHand = 'when you start it';

/**
 * Selects when something stopped resumes by itself. The first option shows the current setting; `onPick` gets minutes from
 * now, or `null` for never.
 */
export function StopEnd({
  name,
  until,
  refusal,
  onPick,
}: {
  name: string;
  until: string | null;
  /** Why the signed-in key may not change it, or `null`. */
  refusal: string | null;
  onPick: (minutes: number | null) => Promise<void>;
}) {
  const now = useNow();
  const pick = useMutation({ mutationFn: onPick });
  const ends = until === null ? null : Date.parse(until);
  return (
    <select
      className={styles.end}
      aria-label={`When ${name} resumes`}
      title={refusal ?? (ends === null ? undefined : formatExact(ends))}
      value="now"
      disabled={refusal !== null || pick.isPending}
      onChange={({ target }) => pick.mutate(target.value === 'never' ? null : Number(target.value))}
    >
      <option value="now">resumes {ends === null ? byHand : formatRelative(ends, now)}</option>
      {choices.map(({ minutes, words }) => (
        <option key={minutes} value={minutes}>
          resumes {words}
        </option>
      ))}
      {ends !== null && <option value="never">resumes {byHand}</option>}
    </select>
  );
}
