import { expect, it } from 'vitest';
import type { IngestMessage } from '../../core/contracts/messages.ts';
import { queueLoad } from '../support/load-through-queue.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ connections: 4 });

const message: IngestMessage = {
  blobKey: 'raw/yahoo/2026-11-20/7b2f6c8e-1111-5111-8111-111111111111/0-1.json.gz',
  runId: '7b2f6c8e-1111-5111-8111-111111111111',
  part: 0,
  attempt: 1,
  sourceId: 'yahoo',
  job: 'quotes',
  kind: 'quotes',
};
const megabyte = 'x'.repeat(1_000_000);

const poison: readonly string[] = [
  '{"blobKey":',
  'null',
  '[]',
  // Of a later release, which has kinds and sources that this one does not know.
  JSON.stringify({ ...message, version: 2, kind: 'trades' }),
  JSON.stringify({ ...message, version: 2, sourceId: 'of-a-later-release' }),
  // A megabyte: as one text, in a field, and as a field that nobody asked for, of a blob that nobody kept.
  JSON.stringify(megabyte),
  JSON.stringify({ ...message, blobKey: megabyte }),
  JSON.stringify({ ...message, more: megabyte }),
  JSON.stringify({ ...message, part: 'first' }),
  JSON.stringify({ ...message, runId: 7, attempt: null }),
];

it('messages that nobody can read, of a later release and of a megabyte become dead letters, and their neighbours are stored [fault 22]', {
  timeout: 180_000,
}, async () => {
  const load = await queueLoad(world.pool, { ticks: 10, containers: 2, secondMs: 8, poison });
  await load.read(world.databaseUrl, 120_000);
  // Each was tried five times, with others that were done.
  expect(load.counts.failed).toBe(5 * poison.length);
  expect(load.counts.dead).toBe(poison.length);
  expect(load.counts.done).toBeGreaterThanOrEqual(load.load.length);
  await load.expectStored();
});
