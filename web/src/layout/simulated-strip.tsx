import { FlaskConical } from 'lucide-react';
import { useSimulatedSources } from '../api/simulation.ts';
import styles from './simulated-strip.module.css';

/** Above everything while data are made up, and never to be closed: prices look real, and are not. */
export function SimulatedStrip() {
  const sources = useSimulatedSources();
  if (sources.length === 0) return null;
  return (
    <aside className={styles.strip} aria-label="Simulated data" title={`Simulated: ${sources.join(', ')}`}>
      <FlaskConical aria-hidden="true" />
      <span>
        <strong>Simulated data</strong>
        <span className={styles.why}>: these prices are made up</span>
      </span>
      <span className={styles.how}>
        Real ones: <code>npm start -- --live</code>
      </span>
    </aside>
  );
}
