import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { chosenSeed } from '../support/chosen-seed.ts';
import { playMonths } from '../support/played-months.ts';
import { randomFrom } from '../support/random.ts';
import { type OpenWorld, openWorld } from '../support/world.ts';

const seed = chosenSeed('months that are played');
let world: OpenWorld;

beforeAll(async () => {
  world = await openWorld({ now: new Date('2026-07-30T00:00:00Z'), connections: 6 });
});
afterAll(() => world?.stop());

const leftRow = z.object({
  months: z.array(z.string()),
  archived: z.array(z.string()),
  formers: z.int(),
  oldestRun: z.date(),
  orphans: z.int(),
  written: z.int(),
  oldestBatch: z.date(),
  permits: z.int(),
  events: z.int(),
});

it(`months of sessions end in the archive, killed at ten points, and of all that was stored nothing is lost (seed ${seed})`, {
  timeout: 600_000,
}, async () => {
  const days = ['2026-07-31', '2026-08-31', '2026-09-01', '2026-09-30', '2026-10-01', '2026-11-12'];
  const played = await playMonths(world, {
    ...{ symbols: 6, days, until: '2026-11-16', minutes: 9, rowsOfFile: 40, instants: 100 },
    random: randomFrom(seed),
  });
  expect(played.rows).toBeGreaterThan(days.length * 6 * 4);
  expect(played.found).toEqual(played.stored);
  expect(played.instants).toHaveLength(100);
  for (const { at, before, after } of played.instants) expect(after, at).toBe(before);
  expect(played.killedAt.size).toBeGreaterThanOrEqual(10);

  const { rows } = await world.database.query(
    `SELECT ARRAY(SELECT DISTINCT to_char(as_of, 'YYYY-MM') FROM quote ORDER BY 1) AS months,
            ARRAY(SELECT to_char(month, 'YYYY-MM') FROM quote_archive WHERE manifest IS NOT NULL ORDER BY 1) AS archived,
            (SELECT count(*)::int FROM pg_class WHERE relkind = 'r' AND relname ~ '^archived_quote_') AS formers,
            (SELECT min(due_at) FROM run) AS "oldestRun",
            (SELECT count(*)::int FROM task t WHERE NOT EXISTS (SELECT FROM run r WHERE r.id = t.run_id))
              + (SELECT count(*)::int FROM batch_statistics s JOIN batch b ON b.id = s.batch_id WHERE b.ingested_at < '2026-08-10') AS orphans,
            (SELECT sum(written)::int FROM batch WHERE kind = 'quotes') AS written,
            (SELECT min(ingested_at) FROM batch WHERE kind = 'quotes') AS "oldestBatch",
            (SELECT count(*)::int FROM permit) AS permits, (SELECT count(*)::int FROM outbox) AS events`,
  );
  const left = leftRow.parse(rows[0]);
  expect(left.months).toEqual(['2026-10', '2026-11']);
  expect(left.archived).toEqual(['2026-07', '2026-08', '2026-09']);
  // The batches of what was stored stay, but those of July: all of that is in the archive, for longer than runs are kept.
  const ofJuly = [...played.stored].flatMap(([key, digests]) =>
    key.endsWith(' 2026-07') ? Number.parseInt(digests, 10) : [],
  );
  const written = played.rows - ofJuly.reduce((sum, rows) => sum + rows, 0);
  expect(left).toMatchObject({ formers: 0, orphans: 0, written, permits: 0, events: 0 });
  expect(left.oldestBatch.getTime()).toBeGreaterThan(Date.parse('2026-08-31'));
  // Those of July and of the first days of August have ended.
  expect(left.oldestRun.getTime()).toBeGreaterThan(Date.parse('2026-08-19'));
});
