import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { HeartPulse } from 'lucide-react';
import type { SourceView } from '../../../../core/contracts/http/operations.ts';
import { whyInWords } from '../../../../core/contracts/words/causes.ts';
import { recoverFailing, recoverSource } from '../../actions/recover.ts';
import { sourcesQuery } from '../../api/queries.ts';
import { useRefusal } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Moment } from '../../components/moment.tsx';
import { Section } from '../../components/page.tsx';
import { StatusDisc } from '../../components/status-disc.tsx';
import { needsAttention, statusWords, worstFirst } from '../../sources/status.ts';
import { plural } from '../../text/format.ts';
import styles from './attention.module.css';

/** The sources that fail, since when and why, each with what can be done. Nothing is shown while none does. */
export function NeedsAttention() {
  const all = useQuery(sourcesQuery).data ?? [];
  const failing = worstFirst(all.filter(needsAttention));
  const refusal = useRefusal();
  const recover = useMutation({ mutationFn: () => recoverFailing(all) });
  if (failing.length === 0) return null;
  return (
    <Section title="Needs attention" note={plural(failing.length, 'source')}>
      <ul className={styles.rows}>
        {failing.map((source) => (
          <Row key={source.id} source={source} />
        ))}
      </ul>
      {failing.length > 1 && (
        <Button
          className={styles.all}
          refusal={refusal}
          icon={<HeartPulse aria-hidden="true" />}
          busy={recover.isPending}
          onClick={() => recover.mutate()}
        >
          Recover all {failing.length}
        </Button>
      )}
    </Section>
  );
}

function Row({ source }: { source: SourceView }) {
  const navigate = useNavigate();
  const refusal = useRefusal();
  const { health, id, title } = source;
  const to = { to: '/sources/$sourceId', params: { sourceId: id } } as const;
  const recover = useMutation({ mutationFn: () => recoverSource(source, () => void navigate(to)) });
  const failures = health.incidents.reduce((sum, { count }) => sum + count, 0);
  return (
    <li className={styles.row}>
      <StatusDisc status={health.status} />
      <p className={styles.what}>
        <Link {...to}>{title}</Link> {statusWords[health.status]}: {whyInWords(health) ?? 'see its page'}
        {health.since !== null && (
          <>
            {' '}
            since <Moment at={health.since} />
          </>
        )}
        <span className={styles.more}>
          {failures > 0 && `${plural(failures, 'failure')}. `}Last success <Moment at={health.lastSuccessAt} />.
        </span>
      </p>
      <Button
        aria-label={`Recover ${title}`}
        refusal={refusal}
        icon={<HeartPulse aria-hidden="true" />}
        busy={recover.isPending}
        onClick={() => recover.mutate()}
      >
        Recover
      </Button>
    </li>
  );
}
