import { Link } from '@tanstack/react-router';
import type { Affected, Finding as FindingView, Sample } from '../../../../core/contracts/http/diagnostics.ts';
import { Copyable } from '../../components/copyable.tsx';
import { Moment } from '../../components/moment.tsx';
import { formatCount, plural } from '../../text/format.ts';
import styles from './report.module.css';

/** One finding: what it is, its likely cause and evidence, whom it affects, and what to do. */
export function Finding({ finding, quiet = false }: { finding: FindingView; quiet?: boolean }) {
  const { title, cause, evidence, advice, samples, sources } = finding;
  return (
    <section className={styles.finding} data-quiet={quiet || undefined}>
      <h4>{title}</h4>
      <p>{cause}</p>
      {(finding.count !== null || evidence.length > 0) && (
        <ul className={styles.lines}>
          {finding.count !== null && finding.firstSeenAt !== null && (
            <li>
              Seen {plural(finding.count, 'time')}, first <Moment at={finding.firstSeenAt} />, last{' '}
              <Moment at={finding.lastSeenAt} />
            </li>
          )}
          {evidence.map((line) => (
            <li key={line}>{line}</li>
          ))}
          {finding.symbols !== null && <AffectedLine affected={finding.symbols} />}
        </ul>
      )}
      {advice.length > 0 && (
        <ol className={styles.advice} aria-label="What to do">
          {advice.map(({ text, command }) => (
            <li key={text}>
              {text}
              {command !== null && <Copyable value={command} of="the command" />}
            </li>
          ))}
        </ol>
      )}
      {sources.length > 0 && (
        <p className={styles.quiet}>
          {sources.map((id, at) => (
            <span key={id}>
              {at > 0 && ', '}
              <Link to="/sources/$sourceId" params={{ sourceId: id }}>
                {id}
              </Link>
            </span>
          ))}
        </p>
      )}
      {samples.length > 0 && (
        <details className={styles.samples}>
          <summary>{plural(samples.length, 'sample')}</summary>
          <ul className={styles.lines}>
            {samples.map((sample) => (
              <SampleLine key={`${sample.at} ${sample.runId} ${sample.symbol}`} sample={sample} sources={sources} />
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function AffectedLine({ affected: { hit, asked, names, markets, served } }: { affected: Affected }) {
  const more = hit - names.length;
  return (
    <li>
      Affects {hit === asked ? `all ${formatCount(asked)}` : `${formatCount(hit)} of ${formatCount(asked)}`} symbols
      {names.length > 0 && `: ${names.join(', ')}${more > 0 ? ` and ${formatCount(more)} more` : ''}`}
      {markets.length > 0 && ` (${markets.map(({ name, count }) => `${name} ${formatCount(count)}`).join(', ')})`}
      {served !== null &&
        served.byOthers > 0 &&
        `. ${served.others.join(', ')} gave a price of ${formatCount(served.byOthers)} of them meanwhile`}
      {served !== null &&
        served.oldestMinutes !== null &&
        `. The served price of the others became up to ${plural(served.oldestMinutes, 'minute')} old`}
      .
    </li>
  );
}

/** One sample. Its message and symbol are what a source sent: shown as they came, as text. */
function SampleLine({
  sample: { at, symbol, message, runId },
  sources,
}: {
  sample: Sample;
  sources: readonly string[];
}) {
  const [source] = sources;
  return (
    <li>
      <Moment at={at} />
      {symbol !== null && (
        <>
          {' '}
          <code>
            <bdi>{symbol}</bdi>
          </code>
        </>
      )}
      {message !== null && (
        <>
          :{' '}
          <code>
            <bdi>{message}</bdi>
          </code>
        </>
      )}{' '}
      {runId !== null && source !== undefined && (
        <Link to="/sources/$sourceId" params={{ sourceId: source }} search={{ run: runId }}>
          Run
        </Link>
      )}
    </li>
  );
}
