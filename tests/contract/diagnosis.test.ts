import { beforeEach, describe, expect, it } from 'vitest';
import { memoryQueueInspector } from '../../core/adapters/memory/queue-inspector.ts';
import { diagnosisStore } from '../../core/adapters/postgres/diagnosis/diagnosis-store.ts';
import { factsReader } from '../../core/adapters/postgres/diagnosis/facts-reader.ts';
import type { Diagnosis } from '../../core/contracts/http/diagnostics.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { makeDiagnosis } from '../../functions/api/make-diagnosis.ts';
import { installationHealthOn } from '../support/installation-health.ts';
import { runNow } from '../support/pipeline.ts';
import { useWorld } from '../support/use-world.ts';

const secret = 'PLANTEDKEY000001';
const symbols = ['AAPL', 'MSFT', 'VOD.L', 'BTC-USD'];
const ids = ['yahoo', 'alpha-vantage', 'coingecko', 'slickcharts'];
const world = useWorld({
  sources: ids,
  browser: true,
  pipeline: {
    symbols,
    credentials: (id) => (id === 'alpha-vantage' ? JSON.stringify({ apiKey: secret }) : null),
    requestTimeoutMs: 1_000,
    pageTimeoutMs: 1_500,
  },
});
const { fault } = world;

beforeEach(async () => {
  await world.pool.query(
    `INSERT INTO source_credentials (source_id, is_set, changed_at) VALUES ('alpha-vantage', true, now() - interval '1 day')`,
  );
});

let made = 0;
async function diagnosis(queues: Parameters<typeof memoryQueueInspector>[0] = {}) {
  const id = `00000000-0000-4000-8000-${String(++made).padStart(12, '0')}`;
  const result = await makeDiagnosis(
    { id, now: Date.now(), requestedBy: null },
    {
      facts: factsReader(world.pool),
      diagnoses: diagnosisStore(world.pool),
      inspector: memoryQueueInspector(queues),
      catalogue,
      installation: installationHealthOn(world.pool),
      simulated: [],
      log: () => {},
    },
  );
  return { id, ...result };
}

/** `source: rule` of each finding, without notes on what is not in use. */
const named = (found: Diagnosis) =>
  found.findings
    .filter(({ rule }) => rule !== 'credentials-missing')
    .map(({ sources, rule }) => `${sources.join('+')}: ${rule}`)
    .sort();

const of = (found: Diagnosis, rule: string) => {
  const finding = found.findings.find((each) => each.rule === rule);
  if (!finding) throw new Error(`no finding ${rule} among ${named(found).join(', ')}`);
  return finding;
};

describe('the report of a system without faults', () => {
  it('says so, and of the source without credentials how to use it', async () => {
    const { cycle } = world.pipeline();
    await cycle(runNow('quotes'));
    await cycle(runNow('quotes', undefined, 'coingecko'));
    const { diagnosis: found, markdown } = await diagnosis();
    expect(named(found)).toEqual([]);
    expect(found.score).toBeGreaterThan(90);
    expect(markdown).toContain('No fault was found.');
    expect(markdown).toContain('Nothing: all is well.');
    expect(markdown).toContain('`npx quotron credentials set demo-broker`');
    expect(markdown).toContain('This is the first report.');
  });
});

describe('the report of a system with four faults on four sources', () => {
  it('names the cause of each from its evidence, what to do, and what changed', async () => {
    const { cycle } = world.pipeline({ browser: world.browser, symbols: [...symbols, '^DJI'] });
    const runs = [
      () => cycle(runNow('quotes')),
      () => cycle(runNow('quotes', undefined, 'alpha-vantage')),
      () => cycle(runNow('quotes', undefined, 'coingecko')),
      () => cycle(runNow('constituents', undefined, 'slickcharts')),
    ];
    for (const run of runs) await run();
    // A first price is provisional, and blocks none: the second one settles it.
    await runs[0]?.();
    const before = await diagnosis();
    expect(named(before.diagnosis)).toEqual([]);

    // Prices in pence for pounds; a key that is wrong; a limit that others use up; a page whose table is another.
    fault({ source: 'yahoo', fault: 'unit' });
    fault({ source: 'alpha-vantage', fault: 'expired' });
    fault({ source: 'coingecko', fault: '429', retryAfterSeconds: 0 });
    fault({ source: 'slickcharts', fault: 'drift' });
    await world.pool.query(
      `UPDATE source_credentials SET changed_at = clock_timestamp() WHERE source_id = 'alpha-vantage'`,
    );
    await world.pool.query(`DELETE FROM auth_session WHERE source_id = 'alpha-vantage'`);
    for (const run of runs) await run();
    await world.pool.query('UPDATE source_state SET held_until = NULL');
    for (const run of runs) await run();

    const { diagnosis: found, markdown } = await diagnosis();
    expect(named(found)).toEqual([
      'alpha-vantage: wrong-credentials',
      'coingecko: limit-used-by-others',
      'slickcharts: format-changed',
      'yahoo: minor-units',
    ]);
    expect(of(found, 'minor-units')).toMatchObject({
      explained: true,
      reasons: ['unit_suspect'],
      cause: expect.stringContaining('5 of 5 symbols are about 100 times'),
    });
    // A row for each symbol at least: on a busy machine one of the two runs may end otherwise.
    expect(of(found, 'minor-units').count).toBeGreaterThanOrEqual(5);
    expect(of(found, 'minor-units').samples[0]).toMatchObject({
      blobKey: expect.stringMatching(/^raw\/yahoo\//),
      finding: { code: 'price_ratio', ratio: 100, to: 'stored' },
    });
    expect(of(found, 'wrong-credentials').advice[0]?.command).toBe('npx quotron credentials set alpha-vantage');
    expect(of(found, 'limit-used-by-others').cause).toContain('something else uses the same address or key');
    expect(of(found, 'format-changed').samples[0]?.artifacts.join()).toContain('screenshot.png');
    for (const finding of found.findings.filter(({ rule }) => rule !== 'credentials-missing')) {
      expect(markdown).toContain(`### ${finding.title}\n`);
      expect(finding.firstSeenAt).not.toBeNull();
    }
    expect(found.score).toBeLessThan(before.diagnosis.score ?? 0);
    expect(found.changes?.sources.map(({ id, fromStatus }) => [id, fromStatus])).toEqual(
      expect.arrayContaining(ids.map((id) => [id, 'healthy'])),
    );
    expect(markdown).toMatch(/- `yahoo`: healthy → (degraded|failed)/);
    expect(markdown).toContain('npx quotron quarantine list --source yahoo --reason unit_suspect');
    expect(markdown).not.toContain(secret);
    // The first recommendation is the one with the most effect.
    const effects = found.findings.map(({ effect }) => effect);
    expect(effects).toEqual([...effects].sort((a, b) => b - a));
    expect(markdown).toContain(`1. **${found.findings[0]?.title}.**`);
  });
});

describe('the report of a source with two faults at once', () => {
  it('names both', async () => {
    const { cycle } = world.pipeline();
    await cycle(runNow('quotes'));
    await cycle(runNow('daily-bars'));
    fault({ source: 'yahoo', fault: '500', kinds: ['chart'] });
    fault({ source: 'yahoo', fault: 'drift', symbol: 'MSFT' });
    for (let round = 0; round < 2; round++) {
      await cycle(runNow('quotes'));
      await cycle(runNow('daily-bars'));
    }
    const { diagnosis: found } = await diagnosis();
    expect(named(found)).toEqual(['yahoo: odd-answers-on-some-symbols', 'yahoo: servers-failing']);
    expect(of(found, 'servers-failing')).toMatchObject({ cause: expect.stringContaining('answers 500'), count: 2 });
    expect(of(found, 'odd-answers-on-some-symbols')).toMatchObject({
      cause: expect.stringContaining('1 of 4 symbols'),
      reasons: ['schema'],
    });
  });

  it('names both where they hit the same job', async () => {
    const { cycle } = world.pipeline();
    await cycle(runNow('quotes'));
    await cycle(runNow('quotes'));
    fault({ source: 'yahoo', fault: 'unit', symbol: 'VOD.L' });
    fault({ source: 'yahoo', fault: 'drift', symbol: 'MSFT' });
    await cycle(runNow('quotes'));
    expect(named((await diagnosis()).diagnosis)).toEqual(['yahoo: minor-units', 'yahoo: odd-answers-on-some-symbols']);
  });
});

describe('the report of a fault that no rule knows', () => {
  it('says `unexplained`, and where to look', async () => {
    const { cycle } = world.pipeline();
    const run = () => cycle(runNow('quotes', undefined, 'coingecko'));
    await run();
    fault({ source: 'coingecko', fault: 'odd' });
    await run();
    await run();
    const { diagnosis: found, markdown } = await diagnosis();
    expect(named(found)).toEqual(['coingecko: unexplained']);
    expect(of(found, 'unexplained')).toMatchObject({
      explained: false,
      cause: expect.stringMatching(/^unexplained\./),
    });
    expect(markdown).toContain('**Likely cause:** unexplained.');
    expect(markdown).toContain('1 unexplained.');
    expect(markdown).toMatch(/blob `raw\/coingecko\//);
  });
});

describe('the report while the proxy is in trouble', () => {
  it('reports its pause, its open incident and its latest recovery, and nothing once they are over', async () => {
    await world.pool.query(
      `INSERT INTO proxy_pause (source_id, until, reason) VALUES ('yahoo', now() + interval '1 hour', 'blocked')`,
    );
    await world.pool.query(
      `INSERT INTO incident (source_id, reason, opened_at, last_seen_at) VALUES ('yahoo-proxy', 'down', now(), now())`,
    );
    await world.pool.query(
      `INSERT INTO recovery (id, source_id, trigger, status, reason, requested_at, finished_at)
       VALUES (gen_random_uuid(), 'yahoo-proxy', 'manual', 'failed', 'blocked', now(), now())`,
    );
    const found = of((await diagnosis()).diagnosis, 'proxy-fails');
    expect(found.evidence.join(' ')).toMatch(/makes no calls until .*blocked.*Open incident: down.*failed: blocked/);
    await world.pool.query(`UPDATE incident SET resolved_at = now()`);
    await world.pool.query(`UPDATE recovery SET status = 'verified'`);
    await world.pool.query(`UPDATE proxy_pause SET until = now() - interval '1 second'`);
    expect(named((await diagnosis()).diagnosis)).toEqual([]);
  });
});

describe('what is no fault of a source', () => {
  it('an outage of all at once is our own network, told once', async () => {
    const nowhere = 'http://127.0.0.1:9';
    const { cycle } = world.pipeline();
    await cycle(runNow('quotes'));
    await cycle(runNow('quotes', undefined, 'coingecko'));
    const cut = world.pipeline({
      sourceUrls: { yahoo: nowhere, coingecko: nowhere, 'alpha-vantage': nowhere, slickcharts: nowhere },
    });
    for (let round = 0; round < 2; round++) {
      await cut.cycle(runNow('quotes'));
      await cut.cycle(runNow('quotes', undefined, 'coingecko'));
    }
    const { diagnosis: found, markdown } = await diagnosis();
    // Tries again and again use up what CoinGecko gives in a minute: a consequence, and told as a note.
    expect(named(found)).toEqual(['coingecko: own-use-of-the-minute', 'yahoo+coingecko: own-network']);
    expect(markdown).not.toContain('### CoinGecko');
    expect(found.score).toBeLessThanOrEqual(50);
    expect(markdown).toContain('2 sources went out of reach at once');
  });

  it('silence while the scheduler is stopped is the scheduler; dead letters of ingest are blobs', async () => {
    const { cycle } = world.pipeline();
    await cycle(runNow('quotes'));
    await world.pool.query(`INSERT INTO service_state (service_id, running) VALUES ('scheduler', false)`);
    const dead = [{ messageId: '1', sentAt: null, receiveCount: 5, body: '{}' }];
    const { diagnosis: found, markdown } = await diagnosis({ ingest: { waiting: [], dead } });
    expect(found.findings.map(({ rule }) => rule).slice(0, 2)).toEqual(['service-stopped', 'dead-letters']);
    expect(of(found, 'dead-letters').cause).toContain('blobs are missing or damaged');
    expect(markdown).toContain('1. **The service scheduler is stopped.** Start it: `npx quotron start scheduler`');
  });

  it('is over when two runs in a row went well', async () => {
    const { cycle } = world.pipeline();
    const run = () => cycle(runNow('quotes', undefined, 'coingecko'));
    fault({ source: 'coingecko', fault: '500' });
    await run();
    expect(named((await diagnosis()).diagnosis)).toEqual(['coingecko: servers-failing']);
    world.upstreams.control.clear();
    await run();
    await run();
    expect((await diagnosis()).diagnosis.findings.filter(({ rule }) => rule === 'servers-failing')).toEqual([]);
  });
});
