import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { instrumentSchema } from '../../core/contracts/http/market.ts';
import {
  deadLetterSchema,
  quarantineSchema,
  redriveSchema,
  servicesSchema,
} from '../../core/contracts/http/operations.ts';
import { iso, json, makeBatch, makeListing, noon } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const { world, api, get, post, read } = useApi();

describe('quarantine', () => {
  it('lists the newest first, pages and filters, and leaves out what was settled', async () => {
    const batch = await makeBatch(world.pool);
    for (const [index, reason] of ['schema', 'unit_suspect', 'unit_suspect', 'schema'].entries())
      await world.pool.query(
        `INSERT INTO quarantine (source_id, reason, symbol, detail, path, row, run_id, part, blob_key, batch_id, resolved_at)
         VALUES ('yahoo', $1, 'AAPL', '<script>alert(1)</script>', 'result[0]', $2, $3, 0, 'raw/x', $4, $5)`,
        [
          reason,
          index === 1 ? null : JSON.stringify({ price: index }),
          randomUUID(),
          batch,
          index === 3 ? iso() : null,
        ],
      );
    const all = await read(z.array(quarantineSchema), '/quarantine');
    expect(all.data.map(({ reason, row }) => [reason, row])).toEqual([
      ['unit_suspect', { price: 2 }],
      ['unit_suspect', null],
      ['schema', { price: 0 }],
    ]);
    const finding = { code: 'price_ratio', ratio: 100, to: 'stored' };
    await world.pool.query('UPDATE quarantine SET finding = $1 WHERE id = $2', [finding, all.data[0]?.id]);
    const found = (await read(z.array(quarantineSchema), '/quarantine')).data.map((row) => row.finding);
    // The others are of a release that stored no findings.
    expect(found.slice(0, 2)).toEqual([finding, { code: 'unspecified' }]);
    const first = await read(z.array(quarantineSchema), '/quarantine?limit=1&reason=unit_suspect');
    const second = await read(
      z.array(quarantineSchema),
      `/quarantine?limit=1&reason=unit_suspect&cursor=${first.meta.nextCursor}`,
    );
    expect([first.data[0]?.id, second.data[0]?.id]).toEqual([all.data[0]?.id, all.data[1]?.id]);
    expect(second.meta.nextCursor).toBeUndefined();
    expect((await read(z.array(quarantineSchema), '/quarantine?sourceId=other')).data).toEqual([]);
    expect((await get('/quarantine?reason=ugly')).status).toBe(400);
  });
});

describe('dead letters', () => {
  it('can be looked at, cut at 4 KB between characters, and given another chance', async () => {
    const dead = { messageId: 'm-1', sentAt: noon, receiveCount: 5, body: `x${'€'.repeat(3000)}` };
    api.queues['outcomes']?.dead.push(dead, { ...dead, messageId: 'm-2', sentAt: null, body: '{"a":1}' });
    const { data } = await read(z.array(deadLetterSchema), '/dead-letters?queue=outcomes');
    expect(data.map(({ messageId, sentAt, receiveCount }) => [messageId, sentAt, receiveCount])).toEqual([
      ['m-1', iso(), 5],
      ['m-2', null, 5],
    ]);
    expect(data[0]?.body).toBe(`x${'€'.repeat(1365)}`);
    expect((await read(servicesSchema, '/services')).data.queues).toContainEqual({
      name: 'outcomes',
      waiting: 0,
      inFlight: 0,
      dead: 2,
    });
    const moved = envelope(redriveSchema).parse(
      await (await post('/dead-letters/redrive', { queue: 'outcomes' })).json(),
    );
    expect(moved.data).toEqual({ queue: 'outcomes', moved: 2, more: false });
    expect(api.queues['outcomes']).toMatchObject({ dead: [], waiting: [dead.body, '{"a":1}'] });
  });

  it('of a queue that there is not are a 404 that names those there are', async () => {
    const looked = await get('/dead-letters?queue=__proto__');
    expect([looked.status, await json(looked)]).toMatchObject([
      404,
      { code: 'unknown_queue', detail: expect.stringContaining('outcomes') },
    ]);
    expect((await post('/dead-letters/redrive', { queue: 'nope' })).status).toBe(404);
    expect((await get('/dead-letters')).status).toBe(400);
  });
});

describe('instruments', () => {
  beforeAll(async () => {
    await makeListing(world.pool, 'AAPL', { name: 'Apple Inc.' });
    await makeListing(world.pool, 'AAP', { name: 'Advance Auto Parts' });
    await makeListing(world.pool, 'APLE', { name: 'Apple Hospitality' });
    await makeListing(world.pool, 'BRK-B', { name: '100% Berkshire_Hathaway' });
    await makeListing(world.pool, 'BTC-USD', { name: null, assetClass: 'crypto', mic: 'QCRY', zone: 'UTC' });
  });
  const find = async (query: string) =>
    (await read(z.array(instrumentSchema), `/instruments?${query}`)).data.map((each) => each.symbol);

  it('are found by symbol first, then by the beginning of one, then by name', async () => {
    expect(await find('query=aap')).toEqual(['AAP', 'AAPL']);
    expect(await find('query=apple')).toEqual(['AAPL', 'APLE']);
    expect(await find('query=brk.b')).toEqual(['BRK-B']);
    expect(await find('assetClass=crypto')).toEqual(['BTC-USD']);
  });

  it('are not found by what a pattern would mean', async () => {
    expect(await find(`query=${encodeURIComponent('%')}`)).toEqual(['BRK-B']);
    expect(await find('query=_')).toEqual(['BRK-B']);
    expect(await find(`query=${encodeURIComponent("' OR 1=1 --")}`)).toEqual([]);
    expect((await get('/instruments?query=%00')).status).toBe(400);
  });

  it('page', async () => {
    const first = await read(z.array(instrumentSchema), '/instruments?query=a&limit=2');
    const rest = await read(z.array(instrumentSchema), `/instruments?query=a&cursor=${first.meta.nextCursor}`);
    expect([...first.data, ...rest.data].map((each) => each.symbol)).toEqual(await find('query=a'));
  });
});
