import { beforeAll, describe, expect, it } from 'vitest';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { findingSchema, findingsDecidedSchema } from '../../core/contracts/http/findings.ts';
import { barsSchema, tickRowSchema } from '../../core/contracts/http/market.ts';
import { iso, makeBatch, makeKey, makeListing, makeQuote } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const { world, api, get, post, read } = useApi();
let batchId: string;

beforeAll(async () => {
  batchId = await makeBatch(world.pool);
}, 60_000);

const days = ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19'];

/** Four bars of which the third came in pence, with its finding. Gives the finding's id. */
async function makeWrongBar(symbol: string): Promise<string> {
  const listing = await makeListing(world.pool, symbol);
  for (const [index, day] of days.entries())
    await world.pool.query(
      `INSERT INTO bar (listing_id, source, interval, starts_at, date, open, high, low, close, currency, basis, basis_at, fetched_at, ingested_at, batch_id)
       VALUES ($1, 'yahoo', '1d', $2, $3, NULL, $4, $4, $4, 'USD', 'splits', $2, $2, $2, $5)`,
      [listing, `${day}T14:30:00Z`, day, index === 2 ? '10200' : `10${index}`, batchId],
    );
  const fields = ['high', 'low', 'close'];
  const { rows } = await world.pool.query(
    `INSERT INTO finding (listing_id, source, row_key, rule, severity, kind, interval, date, at, said, evidence, proposal, batch_id)
     VALUES ($1, 'yahoo', 'unit', 'unit', 'wrong', 'bar', '1d', $2, $3, 10200, $4, $5, $6) RETURNING id`,
    [
      listing,
      days[2],
      `${days[2]}T14:30:00Z`,
      { code: 'other_unit', factor: 0.01, fields, witness: 'stored_quote' },
      { field: 'prices', from: '10200', to: '102', why: 'unit', factor: '0.01', fields },
      batchId,
    ],
  );
  return String(rows[0]?.['id']);
}

const closes = async (symbol: string, query = '') => {
  const { data, warnings } = await read(barsSchema, `/bars/${symbol}${query}`);
  return { closes: data.bars.map((bar) => bar.close), warnings: warnings.map(({ code }) => code) };
};

describe('a bar that a finding calls wrong', () => {
  it('is left out with a warning, and is there as it came for those who want it', async () => {
    await makeWrongBar('WRONG');
    expect(await closes('WRONG')).toEqual({ closes: [100, 101, 103], warnings: ['wrong_bars'] });
    expect(await closes('WRONG', '?quality=raw')).toEqual({ closes: [100, 101, 10_200, 103], warnings: [] });
    expect(await closes('WRONG', '?quality=repaired')).toEqual({ closes: [100, 101, 103], warnings: ['wrong_bars'] });
  });

  it('is repaired when its finding is accepted', async () => {
    const id = await makeWrongBar('REPAIRED');
    const { data } = envelope(findingSchema).parse(await (await post(`/findings/${id}/accept`)).json());
    expect(data).toMatchObject({ id, status: 'accepted', subject: { symbol: 'REPAIRED', kind: 'bar', date: days[2] } });
    expect(data.by).not.toBeNull();
    expect(await closes('REPAIRED', '?quality=repaired')).toEqual({ closes: [100, 101, 102, 103], warnings: [] });
    expect((await closes('REPAIRED')).closes).toEqual([100, 101, 103]);

    const { data: repaired } = await read(barsSchema, '/bars/REPAIRED?quality=repaired');
    expect(repaired.bars.map(({ findings }) => findings)).toEqual([[], [], [id], []]);
    const csv = await (await get('/bars/REPAIRED?quality=repaired&format=csv')).text();
    expect(csv.split('\r\n').map((line) => line.split(',').at(-2))).toEqual(['findings', '', '', id, '', undefined]);
  });

  it('is served again when its finding is dismissed, which stays so', async () => {
    const id = await makeWrongBar('DISMISSED');
    const { data } = envelope(findingsDecidedSchema).parse(
      await (await post('/findings/dismiss', { ids: [id, '999999'] })).json(),
    );
    expect(data).toEqual({ status: 'dismissed', ids: [id] });
    expect(await closes('DISMISSED')).toEqual({ closes: [100, 101, 10_200, 103], warnings: [] });
    const again = envelope(findingSchema).parse(await (await post(`/findings/${id}/accept`)).json());
    expect(again.data.status).toBe('dismissed');
  });

  it('was served at a time before it was found', async () => {
    await makeWrongBar('BEFORE');
    await world.pool.query("UPDATE finding SET opened_at = '2030-01-01' WHERE row_key = 'unit' AND status = 'open'");
    expect((await closes('BEFORE', '?knownAt=2026-11-20T00:00:00Z')).closes).toEqual([100, 101, 10_200, 103]);
  });
});

describe('a quote that a finding calls wrong', () => {
  const ticks = tickRowSchema.array();
  const prices = async (symbol: string, query = '') =>
    (await read(ticks, `/quotes/${symbol}/history${query}`)).data.map(({ price, change, bid, repairedBy }) => ({
      price,
      change,
      bid,
      repairedBy,
    }));

  async function makeWrongQuote(symbol: string, witness: string): Promise<string> {
    const listing = await makeListing(world.pool, symbol);
    const asOf = iso(-600);
    await makeQuote(world.pool, listing, batchId, { price: '102.5', previous: '102', asOf: iso(-60) });
    await makeQuote(world.pool, listing, batchId, { price: '10250', previous: '102', asOf });
    const { rows } = await world.pool.query(
      `INSERT INTO finding (listing_id, source, row_key, rule, severity, kind, at, said, evidence, proposal, batch_id)
       VALUES ($1, 'yahoo', 'unit quote', 'unit', 'wrong', 'quote', $2, 10250, $3, $4, $5) RETURNING id`,
      [
        listing,
        asOf,
        { code: 'other_unit', factor: 0.01, fields: ['close'], witness },
        { field: 'price', from: '10250', to: '102.5', why: 'unit' },
        batchId,
      ],
    );
    return String(rows[0]?.['id']);
  }

  it('is in the history of repaired prices once its finding is accepted, and in no other', async () => {
    const id = await makeWrongQuote('QUOTED', 'previous_close');
    expect((await prices('QUOTED')).map(({ price }) => price)).toEqual([102.5]);
    expect((await prices('QUOTED', '?quality=repaired')).map(({ price }) => price)).toEqual([102.5]);
    await post(`/findings/${id}/accept`);
    expect((await prices('QUOTED')).map(({ price }) => price)).toEqual([102.5]);
    const [right, repaired] = await prices('QUOTED', '?quality=repaired');
    expect(right?.repairedBy).toBeUndefined();
    expect(repaired).toEqual({ price: 102.5, change: 0.5, bid: null, repairedBy: id });
    // Before it was found, it was as right as the others.
    expect((await prices('QUOTED', `?knownAt=${iso(-30)}`)).map(({ price }) => price)).toEqual([102.5, 10_250]);
  });

  it('has no previous close beside it that may be in the other unit', async () => {
    await post(`/findings/${await makeWrongQuote('BESIDE', 'stored_quote')}/accept`);
    expect((await prices('BESIDE', '?quality=repaired'))[1]).toMatchObject({ price: 102.5, change: null, bid: null });
  });
});

describe('a finding of a source that a key may not see', () => {
  it('is decided by no list of ids', async () => {
    const id = await makeWrongBar('HIDDEN');
    const key = await makeKey(world.pool, 'operate', null, 'redistribute');
    const answer = await api.ask('/findings/accept', { method: 'POST', key, json: { ids: [id] } });
    expect(envelope(findingsDecidedSchema).parse(await answer.json()).data).toEqual({ status: 'accepted', ids: [] });
    expect((await read(findingSchema.array(), '/findings?symbol=HIDDEN')).data).toMatchObject([{ id, status: 'open' }]);
  });
});

describe('GET /findings', () => {
  it('lists those that are open, of a symbol, a rule and a severity', async () => {
    const id = await makeWrongBar('LISTED');
    const found = (await read(findingSchema.array(), '/findings?symbol=LISTED&rule=unit&severity=wrong')).data;
    expect(found).toMatchObject([
      { id, rule: 'unit', status: 'open', evidence: { code: 'other_unit' }, proposal: { to: '102' }, closedAt: null },
    ]);
    expect((await read(findingSchema.array(), '/findings?symbol=listed&rule=unit&severity=wrong')).data).toEqual(found);
    expect((await read(findingSchema.array(), '/findings?symbol=LISTED&rule=splits')).data).toEqual([]);
    expect((await read(findingSchema.array(), '/findings?symbol=LISTED&status=accepted')).data).toEqual([]);
    expect((await get('/findings?symbol=%C3%97')).status).toBe(400);
  });

  it('has no other', async () => {
    expect((await post('/findings/999999/accept')).status).toBe(404);
  });
});
