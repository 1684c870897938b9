import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { importedRowSchema, importSchema, partUploadSchema } from '../../core/contracts/http/imports.ts';
import { importLimits, importMedia, type PartContent, partEnvelope } from '../../core/contracts/imports.ts';
import { ingestQueueName } from '../../core/contracts/queues.ts';
import { fuzzRuns } from '../support/fuzz-runs.ts';
import { useWorld } from '../support/use-world.ts';

/* What people upload, from the link to the rows: whatever it is, each part comes to an end, and its neighbour is stored. */

const world = useWorld({ sources: ['yahoo'], pipeline: { symbols: ['AAPL'] }, keepRows: true });
const opened = z.object({ data: importSchema });
const announced = z.object({ data: partUploadSchema });
const held = z.object({ data: z.array(importedRowSchema) });
const other = '0198a7c0-0000-5000-8000-000000000001';

/** Names that steer terminals, spreadsheets, paths, SQL and objects. */
const name = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', '=HYPERLINK("x")', '../../etc', "'; DROP TABLE bar", ''),
  fc.constantFrom('\u001b[2J', '\u202eabc', '\u0000', '\ud800', 'A'.repeat(70), 'AAPL', 'ACME', 'brk.b'),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const anything = fc.oneof(fc.jsonValue(), name);
const row = fc.oneof(
  fc.record(
    {
      symbol: name,
      date: fc.oneof(fc.constant('2024-01-02'), anything),
      asOf: fc.oneof(fc.constant('2024-01-02T15:00:00Z'), anything),
      price: fc.oneof(fc.constantFrom(1, '1.5', 1e308, -1, 0, '1e400'), anything),
      close: fc.oneof(fc.constantFrom(1, '1.5', 1e308, -1, 0, '1e400'), anything),
      currency: fc.oneof(fc.constantFrom('USD', 'GBp', 'XXX', '__proto__'), anything),
      name,
      mic: anything,
    },
    { requiredKeys: ['symbol'] },
  ),
  anything,
);
const text = fc.oneof(
  fc.array(row).map((rows) => rows.map((each) => JSON.stringify(each)).join('\n')),
  fc.array(fc.array(name, { maxLength: 5 }).map((cells) => cells.join(','))).map((lines) => lines.join('\r\n')),
);
const content = fc.oneof(
  fc.record({
    format: fc.constantFrom(...(Object.keys(importMedia) as (keyof typeof importMedia)[])),
    text,
    firstLine: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({
    format: fc.constant('answer' as const),
    text: fc.oneof(
      text,
      anything.map((value) => JSON.stringify(value)),
    ),
    contentType: name,
    url: name,
    symbols: fc.array(name, { maxLength: 3 }),
  }),
);
/** How the envelope differs from that of its part. */
const changes = fc.record(
  {
    version: fc.constantFrom(0, 1, 2, 99),
    runId: fc.constant(other),
    part: fc.constantFrom(0, 7, -1),
    attempt: fc.constantFrom(1, 2),
    sourceId: fc.constantFrom('yahoo', 'import-display', '__proto__'),
    job: name,
    kind: fc.constantFrom('bars', 'quotes', 'constituents', 'none'),
    createdAt: fc.constantFrom('1800-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'),
    exchanges: fc.oneof(fc.constant([]), anything),
    more: anything,
  },
  { requiredKeys: [] },
);
/** What becomes of the packed bytes. */
const damage = fc.oneof(
  { weight: 6, arbitrary: fc.constant(null) },
  {
    weight: 4,
    arbitrary: fc.oneof(
      fc.record({ cutTo: fc.double({ min: 0, max: 1, noNaN: true }) }),
      fc.record({ flipped: fc.double({ min: 0, max: 0.999, noNaN: true }) }),
      fc.record({ instead: fc.uint8Array({ maxLength: 64 }) }),
      fc.record({ packedAgain: fc.constant(true) }),
      fc.record({ bomb: fc.constantFrom(1, 80) }),
    ),
  },
);

function damaged(packed: Buffer, how: typeof damage extends fc.Arbitrary<infer T> ? T : never): Buffer {
  if (how === null) return packed;
  if ('cutTo' in how) return packed.subarray(0, Math.max(1, Math.floor(packed.length * how.cutTo)));
  if ('instead' in how) return Buffer.from(how.instead.length > 0 ? how.instead : [0]);
  if ('packedAgain' in how) return gzipSync(packed);
  if ('bomb' in how) return bombs.get(how.bomb) ?? packed;
  const flipped = Buffer.from(packed);
  const at = Math.floor(flipped.length * how.flipped);
  flipped.writeUInt8(flipped.readUInt8(at) ^ 0x55, at);
  return flipped;
}

/** Of so many MB unpacked: one that can be held, and one that cannot. */
const bombs = new Map([1, 80].map((mb) => [mb, gzipSync(Buffer.alloc(mb * 1_048_576, 0x20), { level: 9 })]));

it('any part of an import comes to an end, its neighbour is stored, and no message is left', async () => {
  const pipeline = world.pipeline();
  const api = world.api({ queue: pipeline.queue, clock: Date.now });
  const { operate: key } = await world.keys();
  await world.uncheckedFromNow('the parts are not what the command uploads');
  const file = fc.record({
    kind: fc.constantFrom('bars' as const, 'quotes' as const),
    source: fc.option(fc.constantFrom('yahoo', 'alpha-vantage', 'coingecko', 'slickcharts'), { nil: undefined }),
    content,
    changes: fc.oneof(fc.constant({}), changes),
    how: damage,
  });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(file, async ({ kind, source, content: given, changes: differ, how }) => {
      const json = { kind, licence: 'internal', ...(source === undefined ? {} : { source }) };
      const asked = await api.ask('/imports', { method: 'POST', key, json });
      const made = opened.parse(await asked.json()).data;
      const put = async (part: number, packed: Buffer) => {
        const sha256 = createHash('sha256').update(packed).digest('base64');
        const announcement = { bytes: packed.length, sha256 };
        const path = `/imports/${made.id}/parts/${part}`;
        const answer = await api.ask(path, { method: 'PUT', key, json: announcement });
        expect(packed.length).toBeLessThan(importLimits.partBytes);
        pipeline.blobs.blobs.set(new URL(announced.parse(await answer.json()).data.url).pathname.slice(1), packed);
      };
      const of = (part: number) => ({
        importId: made.id,
        sourceId: made.sourceId,
        job: source ?? kind,
        kind,
        part,
        createdAt: made.createdAt,
      });
      const pack = (part: number, what: PartContent, more: object = {}) =>
        gzipSync(JSON.stringify({ ...partEnvelope(of(part), what, made.createdAt), ...more }));
      await put(0, damaged(pack(0, given, differ), how));
      // As a person would write it.
      const good = { symbol: 'GOOD', date: '2024-01-02', close: 1 + run++, currency: 'USD' };
      const tick = { symbol: 'GOOD', asOf: new Date(Date.UTC(2024, 0, 1) + run * 1000), price: 5, currency: 'USD' };
      const line = JSON.stringify(kind === 'bars' ? good : tick);
      await put(1, pack(1, { format: 'ndjson', text: line, firstLine: 1 }));
      await api.ask(`/imports/${made.id}/finish`, { method: 'POST', key, json: { parts: 2 } });
      await pipeline.ingest();
      await pipeline.monitor();
      expect(pipeline.queue.take(ingestQueueName('api'))).toEqual([]);
      const one = opened.parse(await (await api.ask(`/imports/${made.id}`, { key })).json()).data;
      expect(one.partsRead + one.partsFailed).toBe(2);
      expect(['done', 'partial', 'failed']).toContain(one.status);
      if (source === undefined) expect(one.accepted).toBeGreaterThan(0);
      held.parse(await (await api.ask(`/imports/${made.id}/rows?limit=1000`, { key })).json());
      expect((await api.ask('/quotes?symbols=GOOD', { key })).status).toBe(200);
    }),
    { numRuns: fuzzRuns(40) },
  );
  const names = await world.all("SELECT name FROM instrument WHERE name ~ '[\\x01-\\x1f\\u202a-\\u202e]'");
  expect(names).toEqual([]);
}, 3_600_000);
