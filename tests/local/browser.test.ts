import { beforeAll, describe, expect, it } from 'vitest';
import { constituentsSchema, indexSchema } from '../../core/contracts/http/indices.ts';
import { runDetailSchema } from '../../core/contracts/http/operations.ts';
import { planCycle, waitForRuns } from '../../localstack/cycle.ts';
import { sharedCloud } from '../support/shared-cloud.ts';

const cloud = sharedCloud();

/** Runs a job on the deployed cloud and gives the run of a source. */
async function runJob(job: string, sourceId: string) {
  const runs = await planCycle(cloud.functions, job);
  expect(await waitForRuns(cloud.pool, runs, 90_000)).toBe(0);
  const details = await Promise.all(runs.map((id) => cloud.read(`/runs/${id}`, runDetailSchema)));
  const run = details.find((each) => each.sourceId === sourceId);
  if (!run) throw new Error(`no run of ${job} is of ${sourceId}`);
  return run;
}

describe('sources that are read in a browser, deployed', () => {
  let runs: Awaited<ReturnType<typeof runJob>>[];
  beforeAll(async () => {
    runs = [await runJob('constituents', 'slickcharts'), await runJob('positions', 'demo-broker')];
  }, 120_000);

  it('store all their rows', () => {
    expect(runs.map(({ sourceId, status, accepted, rejected }) => ({ sourceId, status, accepted, rejected }))).toEqual([
      { sourceId: 'slickcharts', status: 'succeeded', accepted: 634, rejected: 0 },
      { sourceId: 'demo-broker', status: 'succeeded', accepted: 8, rejected: 0 },
    ]);
  });

  it('say what the S&P 500 is made of: 503 members, about 100 %', async () => {
    const index = await cloud.read('/indices/%5EGSPC', indexSchema);
    expect(index.constituents).toMatchObject({ source: 'slickcharts', count: 503 });
    expect(Number(index.constituents?.weight)).toBeCloseTo(1, 2);
    const { constituents } = await cloud.read('/indices/%5EGSPC/constituents', constituentsSchema);
    expect(constituents).toHaveLength(503);
    expect(constituents.find(({ instrument }) => instrument.symbol === 'BRK-B')).toMatchObject({ currency: 'USD' });
    for (const { price } of constituents) expect(Number(price)).toBeGreaterThan(0);
  });

  it('show what a page looked like that failed', async () => {
    await cloud.fault({ source: 'slickcharts', fault: '403', on: true });
    try {
      const run = await runJob('constituents', 'slickcharts');
      expect(run).toMatchObject({ status: 'failed', reason: 'blocked' });
      const artifacts = run.parts.flatMap((part) => part.attempts).flatMap((attempt) => attempt.artifacts);
      const screenshot = artifacts.find(({ name }) => name.endsWith('screenshot.png'));
      const answer = await cloud.ask(`/runs/${run.id}/artifacts/${screenshot?.name}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('image/png');
      expect(
        Buffer.from(await answer.arrayBuffer())
          .subarray(1, 4)
          .toString(),
      ).toBe('PNG');
      const html = artifacts.find(({ name }) => name.endsWith('page.html'));
      const page = await cloud.ask(`/runs/${run.id}/artifacts/${html?.name}`);
      expect(page.headers.get('content-type')).toMatch(/^text\/plain/);
      expect(await page.text()).toContain('Just a moment...');
    } finally {
      await cloud.fault({ source: 'slickcharts', fault: '403', on: false });
    }
  });
});
