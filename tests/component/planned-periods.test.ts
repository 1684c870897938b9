import { beforeAll, beforeEach, expect, it } from 'vitest';
import { quoteSchema } from '../../core/contracts/http/market.ts';
import { iso, makeBatch, makeListing, makeQuote } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const { world, api, read } = useApi();

/** A Friday in New York, an hour and a half after the opening: prices move. */
const ages = { fresh: 100, between: 500, old: 730 } as const;

beforeAll(async () => {
  const batch = await makeBatch(world.pool);
  for (const [name, seconds] of Object.entries(ages)) {
    const listing = await makeListing(world.pool, name.toUpperCase());
    await makeQuote(world.pool, listing, batch, { asOf: iso(-seconds), fetchedAt: iso(-seconds) });
  }
});

/** What the planner keeps of Yahoo's prices. */
async function plan(period: number, former = period, since = -3_600) {
  await world.all('TRUNCATE planner_state');
  await world.all(
    `INSERT INTO planner_state (source_id, job, planned_to, period_seconds, former_period_seconds, period_since)
     VALUES ('yahoo', 'quotes', $1, $2, $3, $4)`,
    [iso(), period, former, iso(since)],
  );
  // What was read of it is used for two seconds.
  api.time.now += 2_001;
}

async function stale(): Promise<string[]> {
  const found: string[] = [];
  for (const symbol of ['FRESH', 'BETWEEN', 'OLD'])
    if ((await read(quoteSchema, `/quotes/${symbol}`)).data.stale) found.push(symbol);
  return found;
}

let begin: number;
beforeAll(() => {
  begin = api.time.now;
});
beforeEach(() => {
  api.time.now = begin;
});

it('a price is stale after three rounds of the planner, however far apart they are', async () => {
  expect(await stale()).toEqual(['BETWEEN', 'OLD']);
  await plan(60);
  expect(await stale()).toEqual(['BETWEEN', 'OLD']);
  await plan(240);
  expect(await stale()).toEqual(['OLD']);
  await plan(600);
  expect(await stale()).toEqual([]);
});

it('no price is stale because the rounds have just come closer together', async () => {
  await plan(60, 240, -30);
  expect(await stale()).toEqual(['OLD']);
  await plan(60, 240, -721);
  expect(await stale()).toEqual(['BETWEEN', 'OLD']);
});
