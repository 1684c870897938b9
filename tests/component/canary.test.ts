import { expect, it } from 'vitest';
import { askFromOutside } from '../../functions/canary/ask.ts';
import { makeBatch, makeListing, makeQuote, testApi } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const { world, keys } = useApi();

it('the canary finds the API ready, and a price in its answer once there is one', async () => {
  const { app } = testApi(world.pool);
  const asked = { url: 'https://prices.example.com', key: keys.read };
  const send: typeof fetch = async (input, init) => app.request(String(input), init);
  await expect(askFromOutside(asked, send)).rejects.toThrow(/no price/);
  await makeQuote(world.pool, await makeListing(world.pool, 'AAPL'), await makeBatch(world.pool));
  expect(await askFromOutside(asked, send)).toEqual({ priced: true });
  await expect(askFromOutside({ ...asked, key: 'qtr_live_nobody' }, send)).rejects.toThrow(/401/);
});
