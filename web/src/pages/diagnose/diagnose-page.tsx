import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Download, Stethoscope } from 'lucide-react';
import { type DiagnosisItem, reportFileName } from '../../../../core/contracts/http/diagnostics.ts';
import { diagnose } from '../../actions/diagnose.ts';
import { reportFile, reportQuery, reportsQuery } from '../../api/diagnosis-queries.ts';
import { useRefusal } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Moment } from '../../components/moment.tsx';
import { Page } from '../../components/page.tsx';
import { Empty, ErrorState, Loading } from '../../components/states.tsx';
import { missing } from '../../text/format.ts';
import styles from './diagnose-page.module.css';
import { Report } from './report.tsx';

const route = getRouteApi('/diagnose');

/** A button that writes a report, the report as a document, and the reports before it. */
export function DiagnosePage() {
  const { report } = route.useSearch();
  const navigate = route.useNavigate();
  const refusal = useRefusal();
  const reports = useQuery(reportsQuery);
  const write = useMutation({
    mutationFn: diagnose,
    onSuccess: (id) => {
      if (id !== null) void navigate({ search: { report: id } });
    },
  });
  const shown = report ?? reports.data?.[0]?.id;
  return (
    <Page title="Diagnose" lead="What is wrong, why, and what to do, from health, runs, incidents and the quarantine">
      <div className={styles.bar}>
        <Button
          look="primary"
          refusal={refusal}
          icon={<Stethoscope aria-hidden="true" />}
          busy={write.isPending}
          onClick={() => write.mutate()}
        >
          {write.isPending ? 'Diagnosing …' : 'Diagnose now'}
        </Button>
        {shown !== undefined && !write.isPending && (
          <a className={styles.download} href={reportFile(shown)} download={reportFileName}>
            <Download aria-hidden="true" /> Download {reportFileName}
          </a>
        )}
        <p role="status" className={styles.progress}>
          {write.isPending && 'Reading what was measured of every source. It takes some seconds.'}
        </p>
      </div>
      <div className={styles.columns}>
        <div>
          {shown !== undefined && <Shown id={shown} />}
          {reports.isPending && shown === undefined && <Loading what="the reports" />}
          {reports.data?.length === 0 && shown === undefined && !write.isPending && (
            <Empty title="No report yet" icon={<Stethoscope aria-hidden="true" />}>
              “Diagnose now” reads the health, runs, incidents and quarantine of every source and writes down what is
              wrong, the likely cause, the evidence for it, and what to do. It changes nothing.
            </Empty>
          )}
          {!reports.data && reports.isError && shown === undefined && (
            <ErrorState
              what="the reports"
              error={reports.error}
              retrying={reports.isFetching}
              onRetry={() => reports.refetch()}
            />
          )}
        </div>
        {reports.data && reports.data.length > 0 && <Earlier reports={reports.data} shown={shown} />}
      </div>
    </Page>
  );
}

function Shown({ id }: { id: string }) {
  const report = useQuery(reportQuery(id));
  if (report.data) return <Report report={report.data} />;
  if (report.isPending) return <Loading what="the report" />;
  return (
    <ErrorState what="this report" error={report.error} retrying={report.isFetching} onRetry={() => report.refetch()} />
  );
}

function Earlier({ reports, shown }: { reports: readonly DiagnosisItem[]; shown: string | undefined }) {
  return (
    <aside className={styles.earlier} aria-labelledby="reports">
      <h2 id="reports">Reports</h2>
      <ol>
        {reports.map(({ id, createdAt, score, headline }) => (
          <li key={id}>
            <Link to="/diagnose" search={{ report: id }} aria-current={id === shown || undefined}>
              <span className={styles.when}>
                <Moment at={createdAt} /> <strong>{score ?? missing}</strong>
              </span>
              <span className={styles.headline}>{headline}</span>
            </Link>
          </li>
        ))}
      </ol>
    </aside>
  );
}
