import { expect, it } from 'vitest';
import { findingRecords } from '../../core/adapters/postgres/prices/finding-records.ts';
import { everySource } from '../../core/auth/visible-sources.ts';
import { runNow } from '../support/pipeline.ts';
import { recoveryWorld } from '../support/recovery-world.ts';

const of = recoveryWorld();

it('a list with other members than ever is held back with both lists, and read once a person has accepted it', async () => {
  const world = of.world({ pageTimeoutMs: 20_000 });
  const cycle = async () => {
    await of.later();
    await world.cycle(runNow('constituents', new Date().toISOString(), 'slickcharts'));
  };
  const members = async () =>
    (
      await of.all(`SELECT a.symbol FROM constituent c JOIN symbol_alias a USING (listing_id)
                    WHERE a.namespace = 'canonical' ORDER BY 1`)
    ).map(({ symbol }) => symbol);
  const findings = () => of.all(`SELECT id, status, kind, evidence FROM finding WHERE rule = 'members' ORDER BY id`);
  const ended = async () =>
    (await of.all('SELECT status, reason, detail FROM task ORDER BY finished_at DESC LIMIT 1'))[0];

  await cycle();
  const before = await members();
  expect(before).toHaveLength(30);
  of.fault('slickcharts', 'turnover');
  await cycle();
  await cycle();
  expect(await ended()).toMatchObject({
    status: 'failed',
    reason: 'implausible',
    detail: { code: 'members_changed', joined: 6, left: 6, unknown: 6, of: 30 },
  });
  expect(await members()).toEqual(before);
  expect(await of.all(`SELECT 1 FROM symbol_alias WHERE symbol LIKE 'QX%'`)).toEqual([]);
  const [held, ...others] = await findings();
  expect(others).toEqual([]);
  expect(held).toMatchObject({ status: 'open', kind: 'index', evidence: { code: 'members_changed' } });
  const records = findingRecords(of.pool())(everySource);
  const listed = await records.list({
    status: 'open',
    sourceId: 'slickcharts',
    rule: 'members',
    severity: null,
    symbol: '^DJI',
    before: null,
    limit: 10,
  });
  expect(listed[0]?.evidence).toMatchObject({ code: 'members_changed', unknown: expect.arrayContaining(['QXAA']) });

  await records.decide([String(held?.['id'])], 'accepted', null);
  // What was held back is stored before the source is asked again.
  const pagesAsked = () => of.upstreams().control.requests(false)['slickcharts']?.['page'];
  const asked = pagesAsked();
  await world.watch(new Date());
  await world.ingest();
  expect(pagesAsked()).toBe(asked);
  expect(await members()).toContain('QXAA');
  expect(await of.all('SELECT blob_key FROM blob_to_read_again')).toEqual([]);
  await cycle();
  expect(await ended()).toMatchObject({ status: 'succeeded' });
  expect(await members()).toContain('QXAA');
  expect((await findings()).map(({ status }) => status)).toEqual(['accepted']);
  await of.invariant(world);
});

it('a finding on a list is gone when the usual one comes again', async () => {
  const world = of.world({ pageTimeoutMs: 20_000 });
  const cycle = async () => {
    await of.later();
    await world.cycle(runNow('constituents', new Date().toISOString(), 'slickcharts'));
  };
  await cycle();
  of.fault('slickcharts', 'turnover');
  await cycle();
  of.fault('slickcharts', 'turnover', false);
  await cycle();
  expect(await of.all(`SELECT status FROM finding WHERE rule = 'members'`)).toEqual([{ status: 'gone' }]);
  await of.invariant(world);
});
