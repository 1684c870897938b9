import { describe, expect, it } from 'vitest';
import { limitReasons } from '../../core/health/recovery-strategy.ts';
import { sickFaults } from '../faults.ts';
import { runNow } from '../pipeline.ts';
import type { recoveryWorld } from './recovery-world.ts';

const minute = 60_000;

/** Every fault of some sources: noticed, not healed while it lasts, healed by itself afterwards. */
export function healsEachFault(sources: readonly string[], of: ReturnType<typeof recoveryWorld>): void {
  const cases = sickFaults.filter((each) => sources.includes(each.source));
  describe('each fault is noticed, not healed while it lasts, and healed by itself when it is over', () => {
    it.each(cases)('$source $fault: $reason', async ({ source, job, fault, reason }) => {
      const { all, later, newest, health } = of;
      const world = of.world();
      const cycle = async () => {
        await later();
        await world.cycle(runNow(job, new Date().toISOString(), source));
      };
      await cycle();
      expect(await health(source)).toMatchObject({ status: 'healthy' });

      of.fault(source, fault);
      // A login is wanted when the session has run out, and not before.
      if (fault === 'refused') await all('DELETE FROM auth_session');
      await cycle();
      await cycle();
      const now = Date.now();
      const sick = await health(source);
      expect(sick).toMatchObject({ reason });
      expect(limitReasons.has(reason) ? ['limited'] : ['degraded', 'failed']).toContain(sick?.['status']);
      expect(await of.openIncidents(source)).toEqual([{ reason }]);

      await later();
      expect((await world.watch(new Date(now))).recovering).toEqual([source]);
      await world.heal(later);
      // A page with another layout is read by its headings: the recovery heals it while the fault lasts.
      if (fault !== 'layout') {
        expect(await newest(source)).toMatchObject({ status: 'failed', reason, trigger: 'automatic' });
        of.fault(source, fault, false);
        await later();
        expect((await world.watch(new Date(now + minute))).recovering).toEqual([]);
        expect((await world.watch(new Date(now + 6 * minute))).recovering).toEqual([source]);
        await world.heal(later);
      }
      expect(await newest(source)).toMatchObject({ status: 'verified', trigger: 'automatic', held: null });
      await world.watch(new Date(now + 7 * minute));
      expect(await of.openIncidents(source)).toEqual([]);
    });
  });
}
