import type { RunReason } from '../../core/contracts/words/run-reasons.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import type { Answer, Request } from './answer.ts';
import type { Control, FaultName, RequestKind } from './control.ts';

/** The parts shared by all simulated sources. */
export interface Simulation {
  /** Seed of the prices. */
  readonly seed: string;
  /** The market never closes. */
  readonly alwaysOpen: boolean;
  /** The simulator's clock, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly control: Control;
  /** How many invented listings there are. */
  readonly listings: number;
}

/** A running simulated source. */
export interface SimSource {
  kindOf(path: string, query: URLSearchParams): RequestKind;
  /** How this source says "too many requests"; plain text, as Yahoo does, by default. */
  tooMany?(retryAfterSeconds: number): Answer;
  answer(request: Request): Answer;
}

/** What `localstack/upstreams/<id>/<id>.ts` exports as `simulator`. */
export interface Simulator {
  start(simulation: Simulation): SimSource;
  /** Its valid credentials; `npm start` sets them. */
  readonly credentials?: Readonly<Record<string, string>>;
  /** The faults that it simulates itself and that make a run fail, with the run's reason. */
  readonly faults: Readonly<Partial<Record<FaultName, RunReason>>>;
  /** The faults that it simulates itself and that are no obstacle: a run brings the same with them as without. */
  readonly readThrough?: readonly FaultName[];
}

/** The faults that the server simulates for every source, with the reason of the failing run. */
export const commonFaults = {
  '429': 'rate_limited',
  '403': 'blocked',
  '500': 'down',
  captcha: 'blocked',
  challenge: 'blocked',
  maintenance: 'down',
  download: 'schema_drift',
  hang: 'timeout',
  malformed: 'schema_drift',
  echo: 'down',
} as const satisfies Simulator['faults'];

/** The simulators of all sources of the catalogue, by the source's id. Throws where one is missing. */
export async function loadSimulators(): Promise<ReadonlyMap<string, Simulator>> {
  const loaded = catalogue.map(async ({ id }) => [id, await loadSimulator(id)] as const);
  return new Map(await Promise.all(loaded));
}

async function loadSimulator(id: string): Promise<Simulator> {
  const { simulator }: { simulator?: Simulator } = await import(`./${id}/${id}.ts`);
  if (simulator) return simulator;
  throw new Error(`localstack/upstreams/${id}/${id}.ts exports no simulator: see docs/adding-a-source.md.`);
}
