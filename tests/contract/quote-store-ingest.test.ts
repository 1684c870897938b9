import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import type { Exchange } from '../../core/contracts/blob.ts';
import type { IngestMessage } from '../../core/contracts/messages.ts';
import { ingestBlobs } from '../../functions/ingest/ingest-blob.ts';
import { fetchAnswers } from '../support/ingest-answers.ts';
import { memoryStores } from '../support/pipeline.ts';
import { at, column } from '../support/quote-store-rows.ts';
import { recordedExchange, recordingsExist } from '../support/recordings.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ partitionsAt: new Date(at(0)), keepRows: true });
const stores = memoryStores();
const { blobs: rawStore, queue } = stores;

/** A container: it remembers what it has seen. */
const container = () => ingestBlobs({ rawStore, store: postgresIngestStore(world.pool), queue });

interface Told {
  readonly symbol: string;
  readonly price?: unknown;
  readonly currency?: string;
  readonly time?: number;
  readonly [field: string]: unknown;
}

/** An answer of Yahoo's quote route at noon, or `seconds` later. */
function answer(rows: readonly Told[], asked = rows.map((row) => row.symbol), seconds = 5): Exchange {
  const result = rows.map(({ symbol, price = 100, currency = 'USD', time = at(0) / 1000, ...rest }) => ({
    symbol,
    quoteType: 'EQUITY',
    exchange: 'NMS',
    currency,
    regularMarketPrice: price,
    regularMarketTime: time,
    ...rest,
  }));
  return exchange(200, JSON.stringify({ quoteResponse: { result, error: null } }), asked, seconds);
}

function exchange(status: number, body: string, asked: readonly string[], seconds = 5): Exchange {
  return {
    request: { method: 'GET', url: 'https://example.test/', headers: {}, symbols: [...asked] },
    response: { status, headers: {}, body, truncated: false },
    error: null,
    fetchedAt: new Date(at(seconds)).toISOString(),
    latencyMs: 10,
  };
}

/** A task whose attempt has fetched these answers, kept them and told so. */
async function blobOf(exchanges: readonly Exchange[], kind: 'quotes' | 'bars' = 'quotes'): Promise<IngestMessage> {
  const stages = world.pipeline({ stores });
  const cloud = { pool: world.pool, stages, stores, now: Date.now() };
  const { message, outcome } = await fetchAnswers({ source: 'yahoo', kind, exchanges }, cloud);
  await queue.send('outcomes', [outcome]);
  await stages.monitor();
  return message;
}

const taskOf = async (message: IngestMessage) =>
  (
    await column(world.pool, "SELECT concat_ws(' ', status, reason, accepted, rejected) FROM task WHERE run_id = $1", [
      message.runId,
    ])
  )[0];
const quarantineOf = (message: IngestMessage) =>
  column(world.pool, "SELECT reason || ' ' || coalesce(symbol, '-') FROM quarantine WHERE run_id = $1 ORDER BY id", [
    message.runId,
  ]);
const priceOf = async (symbol: string) =>
  (
    await column(
      world.pool,
      `SELECT q.price || ' ' || q.currency FROM consolidated_quote c JOIN latest_quote q USING (listing_id, source)
       JOIN symbol_alias a USING (listing_id) WHERE a.namespace = 'canonical' AND a.symbol = $1`,
      [symbol],
    )
  )[0];

describe('a blob of quotes', () => {
  it('becomes rows, statistics, an event and the end of its task, of which nobody is told before the next tick', async () => {
    const first = await blobOf([answer([{ symbol: 'FIRST' }])]);
    await container()(first);
    // The first success of a source is told at once.
    expect(queue.waiting('outcomes')).toMatchObject([{ stage: 'ingest', runId: first.runId }]);
    const stages = world.pipeline({ stores });
    await stages.monitor();
    const message = await blobOf([
      answer([
        { symbol: 'AAA', price: 10 },
        { symbol: 'BBB', price: 30, currency: 'GBp' },
      ]),
    ]);
    const stored = await container()(message);
    expect(await priceOf('AAA')).toBe('10 USD');
    expect(await priceOf('BBB')).toBe('0.3 GBP');
    expect(await taskOf(message)).toBe('succeeded 2 0');
    expect(
      await column(world.pool, 'SELECT currency FROM batch_statistics WHERE batch_id = $1 ORDER BY 1', [
        stored?.batchId,
      ]),
    ).toEqual(['GBP', 'USD']);
    expect(
      await column(world.pool, "SELECT type || ' ' || key FROM outbox WHERE data->>'runId' = $1", [message.runId]),
    ).toEqual(['quotes.stored yahoo']);
    expect(queue.take('outcomes')).toEqual([]);
  });

  it('that cannot be used is told at once, and so is one that tries whether its source works again', async () => {
    queue.take('outcomes');
    const useless = await blobOf([exchange(200, '{"quoteResponse":{"result":[{}],"error":null}}', ['NONE'])]);
    const trial = await blobOf([answer([{ symbol: 'TRIED' }])]);
    await world.pool.query('UPDATE task SET trial = true WHERE run_id = $1', [trial.runId]);
    for (const message of [useless, trial]) {
      const stored = await container()(message);
      const { runId, part, sourceId } = message;
      expect(queue.take('outcomes')).toEqual([{ stage: 'ingest', runId, part, sourceId, batchId: stored?.batchId }]);
    }
    expect(await taskOf(useless)).toMatch(/^failed/);
    // Between storing and telling, a container may have died.
    await container()(trial);
    expect(queue.take('outcomes')).toHaveLength(1);
  });

  it('that comes twice, and twice at once, changes nothing more [fault 19]', async () => {
    const message = await blobOf([answer([{ symbol: 'TWICE' }])]);
    const tables = [
      'quote',
      'quote_revision',
      'latest_quote',
      'batch',
      'batch_statistics',
      'outbox',
      'quarantine',
      'listing',
    ];
    const counts = () => Promise.all(tables.map((table) => column(world.pool, `SELECT count(*) FROM ${table}`)));
    const [first, second] = await Promise.all([container()(message), container()(message)]);
    const before = await counts();
    const third = await container()(message);
    expect(await counts()).toEqual(before);
    expect(new Set([first, second, third].map((each) => each?.batchId)).size).toBe(1);
    expect(await column(world.pool, 'SELECT count(*) FROM batch WHERE run_id = $1', [message.runId])).toEqual(['1']);
  });

  it('registers symbols that were asked for once, when many containers meet them at the same time', async () => {
    const messages = await Promise.all(
      Array.from({ length: 6 }, (_, n) => blobOf([answer([{ symbol: 'FRESH', time: at(n) / 1000 }], ['FRESH'], 60)])),
    );
    await Promise.all(messages.map((message) => container()(message)));
    expect(await column(world.pool, "SELECT count(*) FROM symbol_alias WHERE symbol = 'FRESH'")).toEqual(['2']);
    expect(
      await column(
        world.pool,
        "SELECT count(*) FROM listing l JOIN symbol_alias a ON a.listing_id = l.id WHERE a.symbol = 'FRESH' AND a.namespace = 'yahoo'",
      ),
    ).toEqual(['1']);
  });

  it('puts a row that nobody asked for into quarantine and registers nothing', async () => {
    const message = await blobOf([answer([{ symbol: 'ASKED' }, { symbol: 'UNASKED' }], ['ASKED'])]);
    await container()(message);
    expect(await taskOf(message)).toBe('succeeded 1 1');
    expect(await quarantineOf(message)).toEqual(['unknown_listing UNASKED']);
    expect(await column(world.pool, "SELECT count(*) FROM symbol_alias WHERE symbol = 'UNASKED'")).toEqual(['0']);
  });

  it('keeps the good rows beside bad ones, and reports the quarantine', async () => {
    const message = await blobOf([
      answer([{ symbol: 'GOOD' }, { symbol: 'WORD', price: 'n/a' }, { symbol: 'ZERO', price: 0 }]),
    ]);
    await container()(message);
    expect(await taskOf(message)).toBe('succeeded 1 2');
    expect(await quarantineOf(message)).toEqual(['schema WORD', 'non_positive ZERO']);
    expect(
      await column(world.pool, "SELECT type FROM outbox WHERE data->>'runId' = $1 ORDER BY id", [message.runId]),
    ).toEqual(['quotes.stored', 'quarantine.added']);
  });

  it('survives text that Postgres refuses', async () => {
    const hostile = 'EVIL\u0000\ud800';
    const message = await blobOf([
      answer(
        [
          { symbol: hostile, longName: hostile },
          { symbol: 'NAMED', longName: `A\u0000B "{}\\,` },
        ],
        ['NAMED'],
      ),
    ]);
    await container()(message);
    expect(await taskOf(message)).toBe('succeeded 1 1');
    expect(await column(world.pool, "SELECT name FROM instrument WHERE name LIKE 'AB%'")).toEqual(['AB "{}\\,']);
  });

  it('survives numbers of any size [fault 34]', async () => {
    const rows = [
      { symbol: 'HUGE', price: 1e300, regularMarketVolume: 1e300, exchangeDataDelayedBy: 1e300 },
      { symbol: 'TINY', price: 1e-300, bid: -5 },
      { symbol: 'LATE', time: 1e15 },
      { symbol: 'EARLY', time: -1e13 },
    ];
    const message = await blobOf([answer(rows)]);
    await container()(message);
    expect(await quarantineOf(message)).toEqual(['future_time LATE', 'schema EARLY']);
    expect(await taskOf(message)).toBe('succeeded 2 2');
  });

  it("appends by the latest row's time, and compares when a fetch has that very millisecond", async () => {
    const ingest = container();
    await ingest(await blobOf([answer([{ symbol: 'CLASH', time: at(0) / 1000 }])]));
    const untimed = { symbol: 'CLASH', time: null, price: 101 };
    await ingest(
      await blobOf([
        exchange(
          200,
          JSON.stringify({
            quoteResponse: {
              result: [{ ...untimed, quoteType: 'EQUITY', exchange: 'NMS', currency: 'USD', regularMarketPrice: 101 }],
              error: null,
            },
          }),
          ['CLASH'],
          60,
        ),
      ]),
    );
    const clash = await blobOf([answer([{ symbol: 'CLASH', time: at(60) / 1000, price: 102 }], ['CLASH'], 65)]);
    await ingest(clash);
    expect(await taskOf(clash)).toBe('succeeded 1 0');
    expect(await priceOf('CLASH')).toBe('102 USD');
    expect(
      await column(
        world.pool,
        "SELECT count(*) FROM quote q JOIN symbol_alias a USING (listing_id) WHERE a.symbol = 'CLASH' AND a.namespace = 'canonical'",
      ),
    ).toEqual(['2']);
    expect(await column(world.pool, 'SELECT price FROM quote_revision WHERE price = 101')).toEqual(['101']);
  });
});

describe('each fault of a source', () => {
  it.each([
    ['429', exchange(429, 'Too Many Requests', ['F1']), 'failed rate_limited 0 0'],
    ['500', exchange(500, 'oops', ['F1']), 'failed down 0 0'],
    ['malformed', exchange(200, '{"quoteResponse": {"resu', ['F1']), 'failed schema_drift 0 0'],
    ['drift', answer([{ symbol: 'F1', price: undefined, regularMarketPrice: 'x' }]), 'failed schema_drift 0 1'],
    ['no such symbol', exchange(200, '{"quoteResponse":{"result":[],"error":null}}', ['F1']), 'failed no_data 0 0'],
  ])('ends as its reason: %s', async (_, fault, expected) => {
    const message = await blobOf([fault]);
    await container()(message);
    expect(await taskOf(message)).toBe(expected);
    const reason = expected.split(' ')[1];
    expect(
      await column(world.pool, "SELECT reason || ' ' || accepted FROM batch WHERE run_id = $1", [message.runId]),
    ).toEqual([`${reason} 0`]);
  });

  it('hang ends as timeout', async () => {
    const hung = {
      ...exchange(200, '', ['F1']),
      response: null,
      error: { code: 'timeout' as const, message: 'no answer' },
    };
    const message = await blobOf([hung]);
    await container()(message);
    expect(await taskOf(message)).toBe('failed timeout 0 0');
  });

  it('unit ends as implausible with findings on its rows, and spoils nothing that was there', async () => {
    const ingest = container();
    const rows = [
      { symbol: 'U1', regularMarketPreviousClose: 99 },
      { symbol: 'U2', price: 50 },
    ];
    await ingest(await blobOf([answer(rows)]));
    // The same again, so that it is settled.
    await ingest(await blobOf([answer(rows, ['U1', 'U2'], 10)]));
    const wrong = await blobOf([
      answer(
        [
          { symbol: 'U1', price: 10_000, regularMarketPreviousClose: 9_900, time: at(60) / 1000 },
          { symbol: 'U2', price: 5_000, time: at(60) / 1000 },
        ],
        ['U1', 'U2'],
        65,
      ),
    ]);
    await ingest(wrong);
    expect(await taskOf(wrong)).toBe('failed implausible 0 2');
    expect(await quarantineOf(wrong)).toEqual([]);
    expect(
      await column(
        world.pool,
        `SELECT a.symbol || ' ' || f.rule || ' ' || f.severity FROM finding f
         JOIN symbol_alias a ON a.listing_id = f.listing_id AND a.namespace = 'yahoo' WHERE f.kind = 'quote' ORDER BY 1`,
      ),
    ).toEqual(['U1 unit wrong', 'U2 unit wrong']);
    expect([await priceOf('U1'), await priceOf('U2')]).toEqual(['100 USD', '50 USD']);
    expect(await column(world.pool, 'SELECT message FROM task WHERE run_id = $1', [wrong.runId])).toEqual([
      'None of its 2 rows is served: wrong unit.',
    ]);
  });

  it('stale ends as stale: the rows are history, the latest stays', async () => {
    const ingest = container();
    await ingest(await blobOf([answer([{ symbol: 'S1' }])]));
    const old = await blobOf([answer([{ symbol: 'S1', price: 90, time: at(-3 * 86_400) / 1000 }], ['S1'], 65)]);
    await ingest(old);
    expect(await taskOf(old)).toBe('failed stale 1 0');
    expect(await priceOf('S1')).toBe('100 USD');
  });

  it('that a second request made good does not count', async () => {
    const message = await blobOf([
      exchange(401, 'Invalid Crumb', ['RENEWED']),
      answer([{ symbol: 'RENEWED', price: 0 }]),
    ]);
    await container()(message);
    expect(await taskOf(message)).toBe('failed implausible 0 1');
  });
});

describe('a message', () => {
  it('whose blob is missing fails, and is tried again [fault 18]', async () => {
    const message = await blobOf([answer([{ symbol: 'LOST' }])]);
    const bytes = rawStore.blobs.get(message.blobKey) ?? Buffer.alloc(0);
    rawStore.blobs.delete(message.blobKey);
    await expect(container()(message)).rejects.toThrow(/does not exist/);
    rawStore.blobs.set(message.blobKey, bytes);
    expect(await container()(message)).toMatchObject({ accepted: 1 });
  });

  it("that names another task than its blob's fails: nothing is put on the wrong account", async () => {
    const message = await blobOf([answer([{ symbol: 'OTHER' }])]);
    await expect(container()({ ...message, runId: randomUUID() })).rejects.toThrow(/another task/);
    await container()(message);
    expect(await taskOf(message)).toBe('succeeded 1 0');
  });

  it('waits in its queue while the service is stopped, without a failed try', async () => {
    const message = await blobOf([answer([{ symbol: 'WAITING' }])]);
    await world.pool.query("INSERT INTO service_state (service_id, running) VALUES ('ingest', false)");
    try {
      expect(await container()(message)).toBeNull();
      expect(queue.take('ingest')).toEqual([message]);
      expect(await taskOf(message)).toBe('fetched 0 0');
    } finally {
      await world.pool.query("DELETE FROM service_state WHERE service_id = 'ingest'");
    }
    expect(await container()(message)).toMatchObject({ accepted: 1 });
  });
});

describe.skipIf(!recordingsExist)('recorded answers', () => {
  it('of quotes become the prices that a person reads in them', async () => {
    const asked: [string, string][] = [
      ['quote-AAPL', 'AAPL'],
      ['quote-OCDO.L', 'OCDO.L'],
      ['quote-BTC-USD', 'BTC-USD'],
      ['quote-EURUSD=X', 'EURUSD=X'],
      ['quote-GC=F', 'GC=F'],
    ];
    const message = await blobOf(asked.map(([name, symbol]) => recordedExchange(`yahoo/${name}.json`, [symbol])));
    await container()(message);
    expect(await quarantineOf(message)).toEqual([]);
    expect(await priceOf('AAPL')).toBe('244.6 USD');
    expect(await priceOf('OCDO.L')).toBe('3.088 GBP');
    expect(await taskOf(message)).toBe('succeeded 5 0');
  });

  it('of a chart become daily bars with New York dates', async () => {
    const message = await blobOf(
      [recordedExchange('yahoo/chart-AAPL-2020-08-31-to-2020-11-07.json', ['AAPL'])],
      'bars',
    );
    await container()(message);
    expect(await quarantineOf(message)).toEqual([]);
    const dates = await column(
      world.pool,
      'SELECT b.date::text FROM bar b JOIN batch ON batch.id = b.batch_id WHERE run_id = $1 ORDER BY starts_at',
      [message.runId],
    );
    expect([dates[0], dates.at(-1), dates.length]).toEqual(['2020-08-31', '2020-11-06', 49]);
  });

  it('of a weekend are no bars and no failure', async () => {
    const name = 'yahoo/chart-AAPL-2025-02-01-to-2025-02-02-includePrePost-false-interval-1m.json';
    const message = await blobOf([recordedExchange(name, ['AAPL'])], 'bars');
    await container()(message);
    expect(await taskOf(message)).toBe('succeeded 0 0');
  });
});
