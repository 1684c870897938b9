import { beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { envelope, simulatedHeader } from '../../core/contracts/http/envelope.ts';
import { healthSchema } from '../../core/contracts/http/health.ts';
import { sourceSchema } from '../../core/contracts/http/operations.ts';
import { makeBatch, makeKeys, makeListing, makeQuote, noon, testApi } from '../support/api-fixture.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ partitionsAt: new Date(noon), keepRows: true });
let key = '';
beforeAll(async () => {
  key = (await makeKeys(world.pool)).read;
  await makeQuote(world.pool, await makeListing(world.pool, 'AAPL'), await makeBatch(world.pool));
});

const apiWith = (...simulated: string[]) => testApi(world.pool, { simulated });
const metaOf = async (answer: Response) => envelope(z.unknown()).parse(await answer.json()).meta;

it('says on every answer which sources are simulated: data, CSV, problems, not-modified, and without a key', async () => {
  const { ask } = apiWith('yahoo', 'coingecko');
  const quote = await ask('/quotes/AAPL', { key });
  const etag = quote.headers.get('etag') ?? '';
  for (const answer of [
    quote,
    await ask('/quotes/AAPL', { key, headers: { 'if-none-match': etag } }),
    await ask('/quotes/AAPL/history?format=csv', { key }),
    await ask('/quotes/NOSUCH', { key }),
    await ask('/quotes/AAPL'),
    await ask('/nothing-here'),
    await ask('/livez'),
  ])
    expect(answer.headers.get(simulatedHeader)).toBe('yahoo,coingecko');
});

it('says in the envelope of one source whether that one is simulated, and of many which are', async () => {
  const { ask } = apiWith('yahoo', 'coingecko');
  expect(await metaOf(await ask('/quotes/AAPL', { key }))).toMatchObject({
    simulated: true,
    simulatedSources: ['yahoo'],
  });
  expect(await metaOf(await ask('/quotes', { key }))).toMatchObject({
    simulated: true,
    simulatedSources: ['yahoo', 'coingecko'],
  });
  expect(await metaOf(await apiWith('coingecko').ask('/quotes/AAPL', { key }))).toMatchObject({ simulated: false });
});

it('says it of each source, and of the installation to anybody', async () => {
  const { ask } = apiWith('yahoo');
  const sources = envelope(z.array(sourceSchema)).parse(await (await ask('/sources', { key })).json()).data;
  expect(sources.filter(({ simulated }) => simulated).map(({ id }) => id)).toEqual(['yahoo']);
  const health = healthSchema.parse(await (await ask('/health')).json());
  expect(health).toMatchObject({ simulated: true, simulatedSources: ['yahoo'] });
});

it('says where nothing is simulated that nothing is, and has another ETag for it', async () => {
  const { ask } = apiWith();
  const answer = await ask('/quotes/AAPL', { key });
  expect(answer.headers.get(simulatedHeader)).toBeNull();
  expect(await metaOf(answer)).toMatchObject({ simulated: false });
  expect((await metaOf(await ask('/quotes', { key }))).simulatedSources).toBeUndefined();
  expect(healthSchema.parse(await (await ask('/health')).json())).toMatchObject({ simulated: false });
  const made = await apiWith('yahoo').ask('/quotes/AAPL', { key });
  expect(made.headers.get('etag')).not.toBe(answer.headers.get('etag'));
});
