import { useMutation } from '@tanstack/react-query';
import { HeartPulse, Pause, Play, RefreshCw } from 'lucide-react';
import type { SourceView } from '../../../../core/contracts/http/operations.ts';
import { recoverFailing, recoverSelected } from '../../actions/recover.ts';
import { runSources, switchSources } from '../../actions/several.ts';
import { useRefusal } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { needsAttention } from '../../sources/status.ts';
import { plural } from '../../text/format.ts';
import styles from './sources-page.module.css';

/** The actions on the selected sources; while none is selected, on all that fail. */
export function Selection({
  sources,
  selected,
  onClear,
}: {
  sources: readonly SourceView[];
  selected: readonly SourceView[];
  onClear: () => void;
}) {
  const refusal = useRefusal();
  const recover = useMutation({
    mutationFn: () => (selected.length > 0 ? recoverSelected(selected) : recoverFailing(sources)),
  });
  const turn = useMutation({ mutationFn: (to: 'start' | 'stop') => switchSources(selected, to) });
  const run = useMutation({ mutationFn: () => runSources(selected) });
  const failing = sources.filter(needsAttention).length;
  if (selected.length === 0)
    return (
      <div className={styles.bar}>
        <Button
          refusal={refusal ?? (failing === 0 ? 'No source fails.' : null)}
          icon={<HeartPulse aria-hidden="true" />}
          busy={recover.isPending}
          onClick={() => recover.mutate()}
        >
          Recover all failing{failing > 0 && ` (${failing})`}
        </Button>
        <p>Select sources to stop, run or recover several at once.</p>
      </div>
    );
  return (
    <section className={styles.bar} aria-label="Selected sources" data-active>
      <p>
        <strong>{plural(selected.length, 'source')} selected</strong>
      </p>
      {selected.some(({ paused }) => !paused) && (
        <Button
          refusal={refusal}
          icon={<Pause aria-hidden="true" />}
          busy={turn.isPending}
          onClick={() => turn.mutate('stop')}
        >
          Stop
        </Button>
      )}
      {selected.some(({ paused }) => paused) && (
        <Button
          refusal={refusal}
          icon={<Play aria-hidden="true" />}
          busy={turn.isPending}
          onClick={() => turn.mutate('start')}
        >
          Start
        </Button>
      )}
      <Button
        refusal={refusal}
        icon={<RefreshCw aria-hidden="true" />}
        busy={run.isPending}
        onClick={() => run.mutate()}
      >
        Run now
      </Button>
      <Button
        refusal={refusal}
        icon={<HeartPulse aria-hidden="true" />}
        busy={recover.isPending}
        onClick={() => recover.mutate()}
      >
        Recover
      </Button>
      <Button look="plain" onClick={onClear}>
        Clear
      </Button>
    </section>
  );
}
