import { describe, expect, it } from 'vitest';
import type { HealthStatus } from '../../core/contracts/words/health-status.ts';
import type { RunReason } from '../../core/contracts/words/run-reasons.ts';
import { faultSchema } from '../../localstack/upstreams/control.ts';
import { eachFault } from '../support/fault-suite.ts';
import { runNow } from '../support/pipeline.ts';
import { recoveryWorld } from '../support/recovery-world.ts';

const of = recoveryWorld();

eachFault('api', of);

interface Kind {
  readonly source: string;
  readonly fault: Record<string, unknown>;
  readonly status: HealthStatus;
  /** And of the one incident, unless there is none. */
  readonly reason: RunReason | null;
}

/** What is borne, what is borne within the time limit, what hits one symbol, and the ways to say the same. */
const kinds: Kind[] = [
  { source: 'yahoo', fault: { fault: 'slow', delayMs: 50 }, status: 'healthy', reason: null },
  { source: 'yahoo', fault: { fault: 'slow', delayMs: 2_000 }, status: 'failed', reason: 'timeout' },
  { source: 'yahoo', fault: { fault: 'drift', symbol: 'MSFT' }, status: 'degraded', reason: 'schema_drift' },
  { source: 'yahoo', fault: { fault: 'consent' }, status: 'healthy', reason: null },
  { source: 'alpha-vantage', fault: { fault: 'throttle', wording: 0 }, status: 'limited', reason: 'rate_limited' },
  { source: 'alpha-vantage', fault: { fault: 'throttle', wording: 1 }, status: 'limited', reason: 'rate_limited' },
  { source: 'alpha-vantage', fault: { fault: 'throttle', wording: 2 }, status: 'limited', reason: 'rate_limited' },
  { source: 'alpha-vantage', fault: { fault: 'slow', delayMs: 600 }, status: 'failed', reason: 'timeout' },
  { source: 'coingecko', fault: { fault: 'slow', delayMs: 600 }, status: 'failed', reason: 'timeout' },
];

describe('kinds of a fault, without a recovery', () => {
  it.each(kinds)(
    '$source $fault: $status, $reason after two cycles, healthy two cycles after it ends',
    async ({ source, fault, status, reason }) => {
      const world = of.world();
      const cycles = async (count: number) => {
        for (let cycle = 0; cycle < count; cycle += 1) {
          await world.cycle(runNow('quotes', undefined, source));
          await of.later();
        }
      };
      await cycles(1);
      of.upstreams().control.switch(faultSchema.parse({ source, ...fault }));
      await cycles(2);
      expect(await of.health(source)).toMatchObject({ status, reason });
      expect(await of.incidents(source)).toEqual(reason === null ? [] : [{ reason, count: 2, samples: 2 }]);
      await of.invariant(world);
      of.upstreams().control.clear();
      await cycles(2);
      expect(await of.health(source)).toMatchObject({ status: 'healthy', reason: null });
      expect(await of.incidents(source)).toEqual([]);
      expect(await of.incidents(source, false)).toHaveLength(reason === null ? 0 : 1);
    },
  );
});
