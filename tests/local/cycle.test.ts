import { beforeAll, describe, expect, it } from 'vitest';
import { barsSchema, quoteSchema } from '../../core/contracts/http/market.ts';
import { runDetailSchema, sourceHealthSchema } from '../../core/contracts/http/operations.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { type CycleResult, planCycle, resultOf, waitForRuns } from '../../localstack/cycle.ts';
import { eventually, sharedCloud } from '../support/shared-cloud.ts';

const cloud = sharedCloud();
let result: CycleResult;

beforeAll(async () => {
  const runs = await planCycle(cloud.functions);
  const unfinished = await waitForRuns(cloud.pool, runs, 90_000);
  result = await resultOf(cloud.pool, runs, unfinished);
});

describe('one full cycle on the deployed cloud', () => {
  it('stores a price for every symbol of the catalogue and rejects none', () => {
    expect(result.failures).toEqual([]);
    expect(result.unfinished).toBe(0);
    expect(result.rejected).toBe(0);
    expect(result.rows.length).toBeGreaterThan(20);
    expect(result.rows.filter((row) => row.price === null)).toEqual([]);
  });

  it('stores rows of all five sources in it; what the S&P 500 is made of comes from the browser', async () => {
    const stored = await cloud.rows(
      `SELECT source_id AS source, sum(accepted) > 0 AS stored FROM batch WHERE run_id = ANY($1) GROUP BY 1`,
      [result.runs],
    );
    expect(new Map(stored.map(({ source, stored: some }) => [source, some]))).toEqual(
      new Map(catalogue.map(({ id }) => [id, true])),
    );
    expect(stored).toHaveLength(5);
    expect(result.indices.find(({ index }) => index === '^GSPC')).toMatchObject({
      source: 'slickcharts',
      members: 503,
      heaviest: { weight: expect.stringMatching(/^0\.\d+$/) },
    });
    expect(catalogue.find(({ id }) => id === 'slickcharts')?.kind).toBe('browser');
  });

  it('serves the price over HTTP, with where it came from down to the blob', async () => {
    const quote = await cloud.read('/quotes/AAPL', quoteSchema);
    expect(quote).toMatchObject({ currency: 'USD', source: 'yahoo', instrument: { mic: 'XNAS' } });
    expect(await cloud.blobKeys(quote.provenance.blobKey)).toEqual([quote.provenance.blobKey]);
    const blob = await cloud.getBlob(quote.provenance.blobKey);
    expect(blob).toMatchObject({ sourceId: 'yahoo', job: 'quotes', runId: quote.provenance.runId });
  });

  it('turns pence into pounds once, and says so', async () => {
    const quote = await cloud.read('/quotes/VOD.L', quoteSchema);
    expect(quote).toMatchObject({ currency: 'GBP', minorFactor: 100 });
    expect(Number(quote.price)).toBeLessThan(10);
  });

  it('serves daily bars with dates of the exchange', async () => {
    const { bars } = await cloud.read('/bars/AAPL?interval=1d', barsSchema);
    expect(bars.length).toBeGreaterThan(100);
    for (const bar of bars) expect(bar.date).toMatch(/^\d{4}-\d\d-\d\d$/);
  });

  it('keeps no session, crumb or cookie of the source in a blob', async () => {
    const [run] = result.runs;
    const keys = (await cloud.blobKeys('raw/yahoo/')).filter((key) => result.runs.some((id) => key.includes(id)));
    expect(run).toBeDefined();
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      const text = JSON.stringify(await cloud.getBlob(key));
      expect(text).not.toMatch(/A[13]S?=d=/);
      expect(text).not.toMatch(/crumb=(?!\*|%2A|\[|masked|…)[A-Za-z0-9]/i);
    }
  });

  it('shows on the source: healthy, with the run', async () => {
    const health = await eventually('a healthy yahoo', async () => {
      const seen = await cloud.read('/sources/yahoo/health', sourceHealthSchema);
      return seen.status === 'healthy' ? seen : undefined;
    });
    expect(health.lastSuccessAt).not.toBeNull();
    const runs = await Promise.all(result.runs.map((id) => cloud.read(`/runs/${id}`, runDetailSchema)));
    const ofYahoo = runs.filter((run) => run.sourceId === 'yahoo');
    expect(ofYahoo.map((run) => run.job).sort()).toEqual(['daily-bars', 'quotes']);
    for (const run of ofYahoo) expect(run).toMatchObject({ status: 'succeeded', trigger: 'first_cycle' });
  });

  it('leaves nothing lost, doubled or open', async () => {
    await cloud.invariant();
  });
});
