import type { RunReason } from '../../core/contracts/words/run-reasons.ts';
import type { FaultName } from '../../localstack/upstreams/control.ts';

/** A fault of a simulated source that makes its runs fail, and the reason that they end with (docs/reasons.md). */
export interface SickFault {
  readonly source: string;
  readonly job: string;
  readonly fault: FaultName;
  readonly reason: RunReason;
}

const shared = [
  ['429', 'rate_limited'],
  ['403', 'blocked'],
  ['500', 'down'],
  ['hang', 'timeout'],
  ['malformed', 'schema_drift'],
  ['drift', 'schema_drift'],
  ['unit', 'schema_drift'],
  ['stale', 'stale'],
  ['echo', 'down'],
] as const satisfies readonly (readonly [FaultName, RunReason])[];

const of = (source: string, job: string, own: readonly (readonly [FaultName, RunReason])[]): readonly SickFault[] =>
  [...shared, ...own].map(([fault, reason]) => ({ source, job, fault, reason }));

/**
 * Every fault of the simulator that makes runs of a source fail. `slow`, `consent` and `price` are borne: nothing is sick
 * of them. `layout` and `refused` are for pages and logins.
 */
export const sickFaults: readonly SickFault[] = [
  ...of('yahoo', 'quotes', [['expired', 'auth_expired']]),
  ...of('alpha-vantage', 'quotes', [
    ['expired', 'auth_expired'],
    ['throttle', 'rate_limited'],
    ['quota', 'quota_exhausted'],
  ]),
  ...of('coingecko', 'quotes', []),
  ...of('slickcharts', 'constituents', [['layout', 'schema_drift']]),
  ...of('demo-broker', 'positions', [
    ['expired', 'auth_expired'],
    ['refused', 'auth_expired'],
    ['layout', 'schema_drift'],
  ]),
];
