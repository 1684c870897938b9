import { expect, it } from 'vitest';
import { eventually, sharedCloud } from '../support/shared-cloud.ts';

const cloud = sharedCloud();

// The one test that waits for the clock: all others invoke `schedule` with a tick of their own.
it('EventBridge fires schedule by itself, and what is due is planned on the minute and run', async () => {
  const run = await eventually(
    'a run that EventBridge planned',
    async () => {
      const [found] = await cloud.rows(
        `SELECT r.id, r.slot, t.status FROM run r JOIN task t ON t.run_id = r.id
         WHERE r.trigger = 'schedule' AND r.job = 'quotes' AND t.status = 'succeeded' LIMIT 1`,
      );
      return found;
    },
    180_000,
  );
  expect(run).toMatchObject({ status: 'succeeded' });
  expect(Date.parse(String(run['slot'])) % 60_000).toBe(0);
}, 200_000);
