import { describe, expect, it } from 'vitest';
import { backfillForecastSchema } from '../../core/contracts/http/backfills.ts';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { useApi } from '../support/use-api.ts';

const { world, api, keys, post } = useApi();
const order = { sourceId: 'yahoo', symbols: ['AAPL', 'BRK.B'], from: '2016-01-01', to: '2026-06-30', dryRun: true };

describe('a dry run of a backfill', () => {
  it('says what it would cost, and begins nothing', async () => {
    const answer = await post('/backfills', order, { 'idempotency-key': 'dry' });
    expect(answer.status).toBe(200);
    const { data } = envelope(backfillForecastSchema).parse(await answer.json());
    expect(data).toEqual({
      ...{ sourceId: 'yahoo', interval: '1d', symbols: ['AAPL', 'BRK-B'], from: '2016-01-01', to: '2026-06-30' },
      calls: 6,
      shareOfDay: 6 / yahoo.quota.perDay,
      days: 1,
      doneAt: '2026-11-20T15:01:00.000Z',
    });
    const { rows } = await world.pool.query(
      'SELECT (SELECT count(*) FROM run)::int + (SELECT count(*) FROM backfill)::int AS n',
    );
    expect(rows).toEqual([{ n: 0 }]);
    expect(api.queue.take('ticks')).toEqual([]);
    // The key is still free for the backfill itself.
    const { dryRun: _, ...real } = order;
    expect((await post('/backfills', real, { 'idempotency-key': 'dry' })).status).toBe(202);
  });

  it('is refused like a backfill', async () => {
    expect((await post('/backfills', { ...order, interval: '1m' })).status).toBe(422);
    expect((await post('/backfills', { ...order, dryRun: 'yes' })).status).toBe(400);
    for (const key of ['ünïcode', 'a b', 'x'.repeat(129), ''])
      expect((await post('/backfills', order, { 'idempotency-key': key })).status, key).toBe(400);
    expect((await api.ask('/backfills', { method: 'POST', key: keys.read, json: order })).status).toBe(403);
  });
});
