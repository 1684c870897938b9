import type { SourceView } from '../../../core/contracts/http/operations.ts';
import { missing } from '../text/format.ts';
import styles from './parts.module.css';

type Parts = SourceView['health']['parts'];

/** The parts of the score with what they mean, in the order of what they weigh. */
export const partNames: readonly (readonly [part: keyof Parts, label: string, meaning: string])[] = [
  ['success', 'Success', 'Share of runs that succeeded; the newest weigh most'],
  ['freshness', 'Fresh', 'Share of listings as new as the exchange’s calendar expects'],
  ['accepted', 'Rows', 'Share of rows that passed the checks'],
  [
    'latency',
    'Speed',
    'Against the source’s own usual time: full while it is no slower, empty from five times as long',
  ],
  ['quota', 'Quota', 'Share of the day’s quota that is left'],
];

/** What the score is made of: five shares side by side. Missing is a dash. */
export function PartBars({ parts }: { parts: Parts }) {
  return (
    <dl className={styles.parts} aria-label="Parts of the score">
      {partNames.map(([part, label, meaning]) => {
        const share = parts[part];
        return (
          <div key={part} title={meaning}>
            <dt>{label}</dt>
            <dd>
              <span className={styles.figure}>{share === null ? missing : `${Math.floor(share * 100)} %`}</span>
              <svg className={styles.bar} viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
                <rect className={styles.track} width="100" height="4" rx="2" />
                {share !== null && (
                  <rect
                    className={share < 0.5 ? styles.bad : share < 0.9 && part !== 'quota' ? styles.fair : styles.good}
                    width={share * 100}
                    height="4"
                    rx="2"
                  />
                )}
              </svg>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
