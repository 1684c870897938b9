import { expect, it } from 'vitest';
import { runNow } from '../support/pipeline.ts';
import { recoveryWorld } from '../support/recovery-world.ts';

const of = recoveryWorld();

it('a page that changed its classes goes on being read by its headings, and a recovery of no use changes nothing', async () => {
  const world = of.world();
  const positions = () => world.cycle(runNow('positions', new Date().toISOString(), 'demo-broker'));
  const selectors = async () => (await of.all(`SELECT selectors FROM source_state WHERE source_id = 'demo-broker'`))[0];
  of.fault('demo-broker', 'layout');
  await positions();
  expect(await of.recover(world, 'demo-broker')).toMatchObject({
    status: 'verified',
    strategy: 'new profile, then other selectors',
  });
  expect(await selectors()).toEqual({ selectors: 'alternative' });
  await positions();
  // The job is run again by the recovery too, and a source with one worker takes them one after the other.
  const ended = await of.all(
    `SELECT DISTINCT t.status FROM task t JOIN run r ON r.id = t.run_id JOIN recovery c ON c.source_id = r.source_id
     WHERE r.trigger <> 'canary' AND t.finished_at > c.finished_at`,
  );
  expect(ended).toEqual([{ status: 'succeeded' }]);

  of.fault('demo-broker', 'drift');
  await positions();
  expect(await of.recover(world, 'demo-broker')).toMatchObject({ status: 'failed', reason: 'schema_drift' });
  expect(await selectors()).toEqual({ selectors: 'alternative' });
  await of.invariant(world);

  // The fault is over: what was in use goes on being used, however often it is recovered.
  of.fault('demo-broker', 'drift', false);
  for (const _ of [1, 2]) {
    const again = await of.recover(world, 'demo-broker');
    expect(again).toMatchObject({ status: 'verified' });
    expect(JSON.stringify(again?.['steps'])).not.toContain('second_canary');
    expect(await selectors()).toEqual({ selectors: 'alternative' });
  }
});

it('a browser begins with a new profile and signs in again, and the page that failed is kept', async () => {
  const world = of.world();
  const positions = () => world.cycle(runNow('positions', new Date().toISOString(), 'demo-broker'));
  await positions();
  of.fault('demo-broker', '403');
  await positions();
  of.fault('demo-broker', '403', false);
  of.upstreams().control.requests(true);
  const recovery = await of.recover(world, 'demo-broker');
  expect(recovery).toMatchObject({ status: 'verified', strategy: 'new profile, ask less' });
  // The form, and what is sent with it.
  expect(of.upstreams().control.requests(false)['demo-broker']).toMatchObject({ login: 2 });
  expect(JSON.stringify(recovery?.['steps'])).toMatch(/"keep_page".*page\.html.*screenshot\.png/);
});
