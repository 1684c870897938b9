import type { RunReason } from '../contracts/words/run-reasons.ts';
import type { KeptIncident } from '../health/incident.ts';

/** Reads of incidents, as far as the caller may see their source: one of another is a `LicenceError`. They are written by `OutcomeStore.judge`, with the judgement that they follow from. */
export interface IncidentStore {
  /** A page of incidents, the latest opened first. */
  list(of: {
    sourceId: string | null;
    reason: RunReason | null;
    status: 'open' | 'resolved' | null;
    after: { openedAt: string; id: string } | null;
    limit: number;
  }): Promise<KeptIncident[]>;
  one(id: string): Promise<KeptIncident | null>;
  /** All that are open of some sources, the latest opened first. */
  open(sourceIds: readonly string[]): Promise<KeptIncident[]>;
}
