import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ShieldCheck } from 'lucide-react';
import type { IncidentView } from '../../../../core/contracts/http/recovery.ts';
import { whyInWords } from '../../../../core/contracts/words/causes.ts';
import { incidentsQuery } from '../../api/queries.ts';
import { Moment } from '../../components/moment.tsx';
import { Section } from '../../components/page.tsx';
import { Empty, ErrorState, Loading } from '../../components/states.tsx';
import { StatusDisc } from '../../components/status-disc.tsx';
import { capital, plural } from '../../text/format.ts';
import styles from './incidents.module.css';

/** The incidents of a source, each with its newest evidence. */
export function Incidents({ sourceId }: { sourceId: string }) {
  const incidents = useQuery(incidentsQuery(sourceId));
  return (
    <Section title="Incidents">
      {incidents.data && incidents.data.length > 0 && (
        <ul className={styles.incidents}>
          {incidents.data.map((incident) => (
            <Incident key={incident.id} incident={incident} />
          ))}
        </ul>
      )}
      {incidents.data?.length === 0 && (
        <Empty title="No incidents" icon={<ShieldCheck aria-hidden="true" />}>
          A failure of this source opens one here, with its runs and their answers. It is resolved when the source has
          succeeded twice in a row.
        </Empty>
      )}
      {incidents.isPending && <Loading what="incidents" rows={2} />}
      {!incidents.data && incidents.isError && (
        <ErrorState
          what="the incidents"
          error={incidents.error}
          retrying={incidents.isFetching}
          onRetry={() => incidents.refetch()}
        />
      )}
    </Section>
  );
}

function Incident({ incident }: { incident: IncidentView }) {
  const newest = incident.evidence.at(-1);
  return (
    <li>
      <StatusDisc status={incident.status === 'open' ? 'failed' : 'healthy'} />
      <div>
        <p>
          <strong>{capital(whyInWords(incident) ?? incident.reason)}</strong>
          {incident.status === 'open' ? ', open since ' : ', opened '}
          <Moment at={incident.openedAt} />
          {incident.resolvedAt !== null && (
            <>
              , resolved <Moment at={incident.resolvedAt} />
            </>
          )}
        </p>
        <p className={styles.more}>
          {plural(incident.count, 'failure')}, the last <Moment at={incident.lastSeenAt} />
          {incident.cameBack > 0 && `, came back ${plural(incident.cameBack, 'time')}`}
          {newest?.runId && (
            <>
              {' · '}
              <Link to="/sources/$sourceId" params={{ sourceId: incident.sourceId }} search={{ run: newest.runId }}>
                its run
              </Link>
            </>
          )}
        </p>
        {newest && newest.message !== null && <p className={styles.message}>{newest.message}</p>}
      </div>
    </li>
  );
}
