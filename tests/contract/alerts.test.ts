/** Rules of alerts: what they fire on, how often, and what an alert may carry. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { apiKeyStore } from '../../core/adapters/postgres/access/api-key-store.ts';
import { switchStore } from '../../core/adapters/postgres/database/switches.ts';
import { secretHash } from '../../core/auth/api-keys.ts';
import type { CloudEvent } from '../../core/contracts/events/cloud-event.ts';
import type { NewEvent } from '../../core/contracts/events/event.ts';
import type { BatchOrigin } from '../../core/contracts/events/words.ts';
import type { KeyUse } from '../../core/contracts/words/licence.ts';
import { evaluateDue, evaluateEvent } from '../../functions/evaluate-alerts/evaluate-alerts.ts';
import { addChannel, addRule, evaluator, eventOf } from '../support/alerts.ts';
import { iso, makeBatch, makeKey, makeListing, makeQuote, noon } from '../support/api-fixture.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ partitionsAt: new Date(noon), connections: 2 });

let clock = noon;
let [batchId, listingId, channelId, keyId] = ['', 0, '', ''];

const keyOf = async (use: KeyUse = 'internal') => {
  const key = await makeKey(world.pool, 'operate', null, use);
  return (await apiKeyStore(world.pool).findKey(secretHash(key), new Date(noon)))?.keyId ?? '';
};

beforeEach(async () => {
  clock = noon;
  await world.uncheckedFromNow('rows are put into the tables by hand');
  batchId = await makeBatch(world.pool);
  listingId = await makeListing(world.pool, 'AAPL');
  channelId = (await addChannel(world.pool, { kind: 'slack', name: 'ops', url: 'https://hooks.example.com/1' })).id;
  keyId = await keyOf();
});

const ofBatch = (origin: BatchOrigin = 'live') => ({
  ...{ batchId, sourceId: 'yahoo', runId: randomUUID(), part: 0, blobKey: 'raw/yahoo/x', parserVersion: '1', origin },
});

const quotesOf = (price: string, origin?: BatchOrigin): NewEvent => ({
  type: 'quotes.stored',
  data: {
    ...{ ...ofBatch(origin), block: 0 },
    rows: [
      {
        ...{
          listingId,
          symbol: 'AAPL',
          asOf: iso(),
          asOfBasis: 'exchange',
          fetchedAt: iso(),
          price,
          provisional: false,
        },
        ...{ previousClose: '241.53', bid: null, ask: null, volume: null, currency: 'USD', session: 'regular' },
        delaySeconds: 0,
      },
    ],
  },
});

const bodySchema = z.looseObject({
  type: z.literal('quotron.alert.raised'),
  data: z.looseObject({
    title: z.string(),
    text: z.string(),
    price: z.looseObject({ price: z.string(), source: z.string() }).nullable(),
    figure: z.number().nullable(),
    withheld: z.string().nullable(),
    held: z.looseObject({ until: z.string() }).nullable(),
  }),
});
const raised = async () =>
  (await world.all('SELECT body FROM alert_delivery ORDER BY created_at, id')).map(
    ({ body }) => bodySchema.parse(body).data,
  );

let seconds = 0;
/** A price is stored, a second after the one before, and its event handled. */
async function price(value: string, more: { origin?: BatchOrigin; provisional?: boolean } = {}): Promise<CloudEvent> {
  seconds++;
  clock += 1;
  await makeQuote(world.pool, listingId, batchId, { price: value, asOf: iso(-60 + seconds / 1000) });
  await world.pool.query('UPDATE latest_quote SET provisional = $1', [more.provisional ?? false]);
  const event = eventOf(quotesOf(value, more.origin), new Date(clock));
  await evaluateEvent(
    event,
    evaluator(world.pool, () => clock),
  );
  return event;
}

const above = (more: object = {}) =>
  addRule(world.pool, {
    ...{
      when: { kind: 'price_above', symbol: 'AAPL', price: '250' },
      channelIds: [channelId],
      keyId,
      at: new Date(noon),
    },
    ...more,
  });

describe('a rule on a price', () => {
  it('alerts when the price crosses its line, once, and again after it was back', async () => {
    await above({ met: false });
    for (const each of ['249', '250', '251', '252', '249', '253']) await price(each);
    const alerts = await raised();
    expect(alerts.map(({ price: of }) => of?.price)).toEqual(['251', '253']);
    expect(alerts[0]).toMatchObject({ title: 'AAPL is above 250: 251 USD', withheld: null, symbol: 'AAPL' });
  });

  it('that is true already when it is made says nothing until it was false', async () => {
    await above({ met: true });
    for (const each of ['251', '260']) await price(each);
    expect(await raised()).toEqual([]);
    for (const each of ['249', '251']) await price(each);
    expect(await raised()).toHaveLength(1);
  });

  it('raises one alert of an event that comes twice, also with two containers at once', async () => {
    await above({ met: false });
    await makeQuote(world.pool, listingId, batchId, { price: '251', asOf: iso(-1) });
    const event = eventOf(quotesOf('251'), new Date(clock));
    const of = evaluator(world.pool, () => clock);
    await Promise.all([evaluateEvent(event, of), evaluateEvent(event, of), evaluateEvent(event, of)]);
    await evaluateEvent(event, of);
    expect(await raised()).toHaveLength(1);
    expect(of.rings()).toBe(1);
  });

  it.each(['backfill', 'replay', 'import', 'former_release'] as const)(
    'does not alert on what came by %s',
    async (origin) => {
      await above({ met: false });
      await price('251', { origin });
      expect(await raised()).toEqual([]);
    },
  );

  it('does not alert on a price that is stale', async () => {
    await above({ met: false });
    clock = noon + 3_600_000;
    await price('251');
    expect(await raised()).toEqual([]);
  });

  it('looks again at a price with which nothing had agreed yet, and alerts of its event then', async () => {
    await above({ met: false });
    const event = await price('251', { provisional: true });
    const due = () => evaluateDue(evaluator(world.pool, () => clock));
    expect(await due()).toBe(0);
    expect(await raised()).toEqual([]);
    await world.pool.query('UPDATE latest_quote SET provisional = false');
    expect(await due()).toBe(1);
    expect(await due()).toBe(0);
    expect(await world.all('SELECT event_id FROM alert_delivery')).toEqual([{ event_id: event.id }]);
  });

  it('does not alert on a price that a finding calls wrong, which is not served', async () => {
    await above({ met: false });
    await price('249');
    await world.pool.query(
      `INSERT INTO finding (listing_id, source, row_key, rule, severity, kind, at, said, evidence, batch_id)
       SELECT $1, 'yahoo', 'a', 'quote', 'wrong', 'quote', $2, 251, '{}', $3`,
      [listingId, iso(-60 + (seconds + 1) / 1000), batchId],
    );
    await price('251');
    expect(await raised()).toEqual([]);
    await world.pool.query("UPDATE finding SET status = 'dismissed'");
    await evaluateEvent(
      eventOf(quotesOf('251'), new Date(clock)),
      evaluator(world.pool, () => clock),
    );
    expect(await raised()).toHaveLength(1);
  });

  it('carries no price that its key may not see, and says so', async () => {
    await above({ met: false, keyId: await keyOf('redistribute') });
    await price('251');
    const [alert] = await raised();
    expect(alert).toMatchObject({ price: null, withheld: 'licence', sourceId: null });
    expect(JSON.stringify(alert)).not.toContain('251');
    expect(alert?.text).toContain('withheld');
  });

  it.each([
    ['revoked', 'UPDATE api_key SET revoked_at = now() WHERE id = $1'],
    ['deleted', 'DELETE FROM api_key WHERE id = $1'],
  ])('is not evaluated once its key is %s', async (_, text) => {
    await above({ met: false });
    await world.pool.query(text, [keyId]);
    await price('251');
    expect(await raised()).toEqual([]);
  });

  it('is not evaluated while a person has stopped alerts', async () => {
    await above({ met: false });
    await switchStore(world.pool).setRunning('alerts', false, null, new Date(0));
    await price('251');
    expect(await raised()).toEqual([]);
  });

  it('is held in quiet hours, and says until when', async () => {
    await above({ met: false, quietHours: { from: '14:00', to: '16:30', zone: 'UTC' } });
    await price('251');
    const [row] = await world.all('SELECT next_at, held_until FROM alert_delivery');
    const end = new Date('2026-11-20T16:30:00Z');
    expect(row).toEqual({ next_at: end, held_until: end });
    expect((await raised())[0]).toMatchObject({
      held: { from: new Date(clock).toISOString(), until: end.toISOString() },
    });
  });

  it('on a move alerts once a day and direction', async () => {
    const when = { kind: 'move', symbol: 'AAPL', percent: 3 } as const;
    await addRule(world.pool, { when, channelIds: [channelId], keyId, at: new Date(noon) });
    for (const each of ['245', '250', '245', '251', '230', '229']) await price(each);
    expect((await raised()).map(({ title }) => title)).toEqual([
      'AAPL has moved +3.51 % today: 250 USD',
      'AAPL has moved -4.77 % today: 230 USD',
    ]);
  });
});

describe('a rule on what is no price', () => {
  const rule = (when: Parameters<typeof addRule>[1]['when'], more: { keyId?: string } = {}) =>
    addRule(world.pool, { when, channelIds: [channelId], keyId, at: new Date(noon), ...more });
  const handle = (event: NewEvent) =>
    evaluateEvent(
      eventOf(event, new Date(clock)),
      evaluator(world.pool, () => clock),
    );
  const health = (sourceId: string, from: 'healthy' | 'failed', to: 'healthy' | 'failed'): NewEvent => ({
    type: 'source.health-changed',
    data: { sourceId, from, to, reason: 'down', score: 0, at: iso() },
  });

  it('alerts when a source fails: any, or the one that it names', async () => {
    await rule({ kind: 'source_failed' });
    await rule({ kind: 'source_failed', sourceId: 'yahoo' });
    await handle(health('coingecko', 'healthy', 'failed'));
    await handle(health('yahoo', 'failed', 'healthy'));
    expect((await raised()).map(({ title }) => title)).toEqual(['The source coingecko has failed']);
    await handle(health('yahoo', 'healthy', 'failed'));
    expect(await raised()).toHaveLength(3);
  });

  it('alerts when more rows wait in quarantine than it allows, and again after they were settled', async () => {
    await rule({ kind: 'quarantine_over', count: 1, sourceId: 'yahoo' });
    const put = () =>
      world.pool.query(
        `INSERT INTO quarantine (at, source_id, reason, finding, detail, path, row, run_id, part, blob_key, batch_id)
         VALUES ($1, 'yahoo', 'schema', '{"code":"schema"}', 'd', 'p', '{}', $2, 0, 'raw/x', $3)`,
        [iso(), randomUUID(), batchId],
      );
    const added = () =>
      handle({
        type: 'quarantine.added',
        data: { ...ofBatch(), accepted: 0, rejected: 1, written: 0, revised: 0 },
      });
    for (let rows = 0; rows < 3; rows++) {
      await put();
      await added();
    }
    expect((await raised()).map(({ title }) => title)).toEqual(['2 rows of yahoo wait in quarantine, over 1']);
    await world.pool.query('UPDATE quarantine SET resolved_at = now()');
    await added();
    await put();
    await put();
    await added();
    expect(await raised()).toHaveLength(2);
  });

  it('says of a dispute to a key that does not see every source that it may not name them', async () => {
    await rule({ kind: 'dispute', symbol: 'AAPL' }, { keyId: await keyOf('display') });
    await rule({ kind: 'dispute' });
    await rule({ kind: 'dispute', symbol: 'MSFT' });
    const disputed = (origin: BatchOrigin): NewEvent => ({
      type: 'price.disputed',
      data: { sourceId: 'yahoo', block: 0, listingId, symbol: 'AAPL', spread: '0.2', candidates: 2, origin },
    });
    await handle(disputed('import'));
    expect(await raised()).toEqual([]);
    await handle(disputed('live'));
    const alerts = await raised();
    expect(alerts.map(({ withheld }) => withheld).sort()).toEqual(['licence', null].sort());
    expect(alerts.find(({ withheld }) => withheld !== null)).toMatchObject({ sourceId: null });
  });

  it('looks at coverage each hour, and alerts when a source has too few bars', async () => {
    await world.pool.query(`INSERT INTO symbol_alias (namespace, symbol, listing_id) VALUES ('yahoo', 'AAPL', $1)`, [
      listingId,
    ]);
    await world.pool
      .query(`INSERT INTO bar_series (listing_id, source, interval, answered_at) VALUES ($1, 'yahoo', '1d', $2)`, [
        listingId,
        iso(-86_400),
      ])
      .catch(() => undefined);
    await rule({ kind: 'coverage_below', symbol: 'AAPL', sourceId: 'yahoo', percent: 90, days: 30 });
    const due = () => evaluateDue(evaluator(world.pool, () => clock));
    await due();
    clock += 60_000;
    await due();
    const alerts = await raised();
    expect(alerts.map(({ title, figure }) => [title.startsWith('AAPL: daily bars of yahoo'), figure])).toEqual([
      [true, 0],
    ]);
  });

  it('does not count the bar of today, whose session is not over, as one that is absent', async () => {
    await world.pool.query(`INSERT INTO symbol_alias (namespace, symbol, listing_id) VALUES ('yahoo', 'AAPL', $1)`, [
      listingId,
    ]);
    await world.pool.query(
      `INSERT INTO bar (listing_id, source, interval, starts_at, date, close, currency, basis, basis_at, fetched_at, batch_id)
       SELECT $1, 'yahoo', '1d', day + interval '14 hours 30 minutes', day::date, 250, 'USD', 'splits', $2, $2, $3
       FROM generate_series('2026-10-22Z'::timestamptz, '2026-11-19Z', '1 day') AS day WHERE extract(isodow FROM day) < 6`,
      [listingId, iso(-3_600), batchId],
    );
    await world.pool.query(`INSERT INTO bar_series (listing_id, source, interval) VALUES ($1, 'yahoo', '1d')`, [
      listingId,
    ]);
    // Of 22 sessions with today's, one is less than 96 %.
    await rule({ kind: 'coverage_below', symbol: 'AAPL', sourceId: 'yahoo', percent: 96, days: 30 });
    const due = () => evaluateDue(evaluator(world.pool, () => clock));
    expect(await due()).toBe(0);
    expect(await world.all('SELECT met FROM alert_rule')).toEqual([{ met: false }]);
    await world.pool.query(`DELETE FROM bar WHERE date = '2026-11-10'`);
    clock += 3_700_000;
    expect(await due()).toBe(1);
    expect((await raised()).map(({ figure }) => figure)).toEqual([95.2]);
  });

  it('reads the watch list once for all rules on coverage that are due, and not at all for others', async () => {
    let reads = 0;
    const due = () => {
      const of = evaluator(world.pool, () => clock);
      const watched = () => {
        reads++;
        return of.coverage.watched();
      };
      return evaluateDue({ ...of, coverage: { ...of.coverage, watched } });
    };
    await above();
    await due();
    expect(reads).toBe(0);
    for (const percent of [50, 60, 70])
      await rule({ kind: 'coverage_below', symbol: 'AAPL', sourceId: 'yahoo', percent, days: 30 });
    await due();
    expect(reads).toBe(1);
  });
});
