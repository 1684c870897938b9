import type { Cause } from '../../core/contracts/words/causes.ts';
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

/** What each fault means to a person; those of one source stand before those of all. */
const causesOfFaults: Readonly<Record<string, Cause>> = {
  '429': 'too_many_requests',
  throttle: 'too_many_requests',
  quota: 'quota_used_up',
  '403': 'blocked',
  captcha: 'blocked',
  challenge: 'blocked',
  '500': 'down',
  maintenance: 'maintenance',
  echo: 'down',
  loading: 'page_never_fills',
  hang: 'timeout',
  download: 'not_data',
  drift: 'format_changed',
  layout: 'format_changed',
  malformed: 'answer_cut_off',
  'slickcharts malformed': 'list_incomplete',
  'demo-broker malformed': 'page_never_fills',
  expired: 'session_ended',
  'alpha-vantage expired': 'credentials_refused',
  refused: 'credentials_refused',
  'second-factor': 'login_on_hold',
  locked: 'login_on_hold',
  terms: 'login_on_hold',
  'cookie-wall-login': 'login_on_hold',
  unit: 'wrong_unit',
  turnover: 'members_changed',
  stale: 'stale',
  'frozen-page': 'stale',
  odd: 'unexplained',
};

/** The one cause that every place names for a fault. Throws where none is written down. */
export function causeOfFault({ source, fault }: Pick<SickFault, 'source' | 'fault'>): Cause {
  const cause = causesOfFaults[`${source} ${fault}`] ?? causesOfFaults[fault];
  if (cause) return cause;
  throw new Error(`Say in tests/support/faults.ts what ${fault} of ${source} means to a person.`);
}

/** Faults of a login that only a person continues: nothing signs in again by itself. */
export const needsPerson: readonly string[] = ['second-factor', 'locked', 'terms', 'cookie-wall-login'];
