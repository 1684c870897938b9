import { useMutation } from '@tanstack/react-query';
import type { ServiceView } from '../../../../core/contracts/http/operations.ts';
import { setResume, switchService } from '../../actions/operate.ts';
import { useRefusal } from '../../api/session.ts';
import { Moment } from '../../components/moment.tsx';
import { StopEnd } from '../../components/stop-end.tsx';
import { Switch } from '../../components/switch.tsx';
import { capital } from '../../text/format.ts';
import styles from './rows.module.css';

const descriptions: Record<ServiceView['id'], string> = {
  scheduler: 'Plans runs when they are due',
  scrapers: 'Fetch from the sources',
  ingest: 'Checks and stores the answers',
  recovery: 'Recovers failing sources, within limits',
  proxy: 'Serves the API of Yahoo Finance from a cache',
  relay: 'Publishes events to those who follow them',
  alerts: 'Tells people and programs what rules watch for',
};

/** The parts of the pipeline, each with its switch. */
export function Services({ services }: { services: readonly ServiceView[] }) {
  return (
    <ul className={styles.rows}>
      {services.map((service) => (
        <Service key={service.id} service={service} />
      ))}
    </ul>
  );
}

function Service({ service }: { service: ServiceView }) {
  const refusal = useRefusal();
  const turn = useMutation({ mutationFn: (to: 'start' | 'stop') => switchService(service, to) });
  const name = capital(service.id);
  return (
    <li className={styles.row}>
      <div className={styles.what}>
        <strong>{name}</strong>
        <span>{descriptions[service.id]}</span>
      </div>
      <p className={styles.state}>
        {service.running ? 'running' : 'stopped'}
        {service.changedAt !== null && (
          <>
            , changed <Moment at={service.changedAt} />
          </>
        )}
      </p>
      <Switch
        label={name}
        on={service.running}
        busy={turn.isPending}
        disabled={refusal !== null}
        title={refusal ?? undefined}
        onChange={(on) => turn.mutate(on ? 'start' : 'stop')}
      />
      {!service.running && (
        <div className={styles.end}>
          <StopEnd
            name={name}
            until={service.stoppedUntil}
            refusal={refusal}
            onPick={(minutes) => setResume(service, minutes)}
          />
        </div>
      )}
    </li>
  );
}
