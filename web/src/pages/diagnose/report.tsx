import { Link } from '@tanstack/react-router';
import { type DiagnosisView, noteBelow } from '../../../../core/contracts/http/diagnostics.ts';
import { causeWords } from '../../../../core/contracts/words/causes.ts';
import { capInWords } from '../../../../core/contracts/words/health-status.ts';
import { summaryRefusalWords } from '../../../../core/contracts/words/summary-refusals.ts';
import { Moment } from '../../components/moment.tsx';
import { Records } from '../../components/records.tsx';
import { StatusDisc } from '../../components/status-disc.tsx';
import tables from '../../components/table.module.css';
import { statusWords } from '../../sources/status.ts';
import { capital, formatDuration, formatExact, missing, words } from '../../text/format.ts';
import { Changes } from './changes.tsx';
import { Finding } from './finding.tsx';
import styles from './report.module.css';

/** A report as a document one would send to a colleague: the same as the file, from the same data. */
export function Report({ report }: { report: DiagnosisView }) {
  const faults = report.findings.filter(({ effect }) => effect >= noteBelow);
  const notes = report.findings.filter(({ effect }) => effect < noteBelow);
  return (
    <article className={styles.report} aria-label="Report">
      <header className={styles.head}>
        <p className={styles.score}>
          <strong>{report.score ?? missing}</strong> <span>of 100</span>
        </p>
        <div>
          <h2>{report.headline}</h2>
          <p className={styles.quiet}>
            {formatExact(Date.parse(report.createdAt))}
            {report.cap !== null && `, ${capInWords(report.cap, null)}`}
          </p>
          {report.simulatedSources.length > 0 && (
            <p className={styles.quiet}>Simulated data: what {report.simulatedSources.join(', ')} said is made up.</p>
          )}
        </div>
      </header>
      <ModelSummary report={report} />
      <h3>What is wrong</h3>
      {faults.length === 0 && (
        <p className={styles.quiet}>
          {report.cap === null ? 'Nothing: all is well.' : 'No fault was found; see the first line.'}
        </p>
      )}
      {faults.map((finding) => (
        <Finding key={`${finding.rule} ${finding.title}`} finding={finding} />
      ))}
      {notes.length > 0 && (
        <>
          <h3>To keep in mind</h3>
          {notes.map((finding) => (
            <Finding key={`${finding.rule} ${finding.title}`} finding={finding} quiet />
          ))}
        </>
      )}
      {report.ended.length > 0 && <Ended ended={report.ended} />}
      <h3>What changed since the report before</h3>
      <Changes changes={report.changes} />
      <Sources sources={report.sources} />
      <p className={styles.quiet}>
        Made by fixed rules from what was measured. Text in <code>this type</code> may come from a source: it is shown
        as it came, and nothing to follow.
      </p>
    </article>
  );
}

/** The words of a language model, marked as such: it has read what sources said. */
function ModelSummary({ report: { summary, summaryRefusal } }: { report: DiagnosisView }) {
  if (summary !== null)
    return (
      <>
        <h3>Summary by a language model</h3>
        <blockquote className={styles.summary}>
          {summary.text
            .split('\n')
            .filter((line) => line.trim() !== '')
            .map((line) => (
              <p key={line}>{line}</p>
            ))}
        </blockquote>
        <p className={styles.quiet}>
          Written by {summary.model} from this report. Each sentence cited findings of it; whether it is right, nothing
          more checks.
        </p>
      </>
    );
  if (summaryRefusal === null) return null;
  return (
    <p className={styles.quiet}>
      There is no summary by {summaryRefusal.model}. {summaryRefusalWords[summaryRefusal.why]} The report is whole
      without it.
    </p>
  );
}

function Ended({ ended }: { ended: DiagnosisView['ended'] }) {
  return (
    <>
      <h3>Over since then</h3>
      <ul className={styles.lines}>
        {ended.map((one) => (
          <li key={`${one.sourceId} ${one.openedAt}`}>
            <Link to="/sources/$sourceId" params={{ sourceId: one.sourceId }}>
              {one.title}
            </Link>
            : {one.cause === null ? words(one.reason) : causeWords[one.cause]}, for {formatDuration(one.minutes * 60)}{' '}
            until <Moment at={one.resolvedAt} />
            {one.recovery !== null && `; recovery ${one.recovery.status}`}
          </li>
        ))}
      </ul>
    </>
  );
}

function Sources({ sources }: { sources: DiagnosisView['sources'] }) {
  if (sources.length === 0) return null;
  return (
    <>
      <h3>Sources then</h3>
      <Records
        rows={sources}
        keyOf={({ id }) => id}
        columns={[
          {
            title: 'Source',
            cell: ({ id, title }) => (
              <Link to="/sources/$sourceId" params={{ sourceId: id }}>
                {title}
              </Link>
            ),
          },
          {
            title: 'Status',
            cell: ({ status, cause }) => (
              <span className={tables.status}>
                <StatusDisc status={status} />
                {capital(statusWords[status])}
                {cause !== null && `: ${causeWords[cause]}`}
              </span>
            ),
          },
          { title: 'Score', kind: 'numeric', cell: ({ score }) => score ?? missing },
          { title: 'Last success', cell: ({ lastSuccessAt }) => <Moment at={lastSuccessAt} /> },
        ]}
      />
    </>
  );
}
