import type { DiagnosisView } from '../../../../core/contracts/http/diagnostics.ts';
import { causeWords } from '../../../../core/contracts/words/causes.ts';
import { Moment } from '../../components/moment.tsx';
import { missing, words } from '../../text/format.ts';
import styles from './report.module.css';

/** What changed since the report before, in lines. */
export function Changes({ changes }: { changes: DiagnosisView['changes'] }) {
  if (changes === null) return <p className={styles.quiet}>This is the first report.</p>;
  const { score, sources, opened, closed } = changes;
  const nothing = score.from === score.to && sources.length + opened.length + closed.length === 0;
  return (
    <>
      <p className={styles.quiet}>
        The report before is of <Moment at={changes.since} />.{nothing && ' Nothing that matters has changed.'}
      </p>
      {!nothing && (
        <ul className={styles.lines}>
          {score.from !== score.to && (
            <li>
              The score went from {score.from ?? missing} to <strong>{score.to ?? missing}</strong>.
            </li>
          )}
          {sources.map(({ id, fromStatus, toStatus, fromScore, toScore }) => (
            <li key={id}>
              {id}: {fromStatus === toStatus ? `still ${toStatus}` : `${fromStatus} before, ${toStatus} now`}, score{' '}
              {toScore ?? missing} after {fromScore ?? missing}
            </li>
          ))}
          {opened.map((one) => (
            <li key={`opened ${one.sourceId} ${one.reason}`}>
              New: {one.sourceId}, {whyOf(one)}, <Moment at={one.at} />
            </li>
          ))}
          {closed.map((one) => (
            <li key={`closed ${one.sourceId} ${one.at}`}>
              Over: {one.sourceId}, {whyOf(one)}, <Moment at={one.at} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

type Opened = NonNullable<DiagnosisView['changes']>['opened'][number];

function whyOf({ cause, reason }: Pick<Opened, 'cause' | 'reason'>): string {
  return cause === null ? words(reason) : causeWords[cause];
}
