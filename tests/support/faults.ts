import type { RunReason } from '../../core/contracts/words/run-reasons.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { type FaultName, faultSchema } from '../../localstack/upstreams/control.ts';
import { commonFaults, loadSimulators, type Simulator } from '../../localstack/upstreams/simulator.ts';

/** A fault of a simulated source that makes its runs fail, and the reason that they end with (docs/reasons.md). */
export interface SickFault {
  readonly source: string;
  readonly kind: 'api' | 'browser';
  /** The source's first job. */
  readonly job: string;
  readonly fault: FaultName;
  readonly reason: RunReason;
}

const names = faultSchema.options.map((option) => option.shape.fault.value);
const simulators = await loadSimulators();

/** Every fault that makes runs of a source fail, as the simulators declare them. */
export const sickFaults: readonly SickFault[] = catalogue.flatMap(({ id, kind, jobs }) => {
  const reasons: Simulator['faults'] = { ...commonFaults, ...simulators.get(id)?.faults };
  return names.flatMap((fault) => {
    const reason = reasons[fault];
    return reason ? [{ source: id, kind, job: jobs[0]?.id ?? '', fault, reason }] : [];
  });
});

/** A fault of a simulated source that its runs read through, as the simulators declare them. */
export const readThroughFaults: readonly Omit<SickFault, 'reason'>[] = catalogue.flatMap(({ id, kind, jobs }) =>
  (simulators.get(id)?.readThrough ?? []).map((fault) => ({ source: id, kind, job: jobs[0]?.id ?? '', fault })),
);

/** Faults of a login that only a person continues: nothing signs in again by itself. */
export const needsPerson: readonly string[] = ['second-factor', 'locked', 'terms', 'cookie-wall-login'];
