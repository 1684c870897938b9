/** The flow of rows in and of events out, by the minute and hour. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { flowSamples } from '../../core/adapters/postgres/events/flow-samples.ts';
import { relayLag } from '../../core/adapters/postgres/events/relay-store.ts';
import { flowSampleSchema } from '../../core/contracts/http/health.ts';
import { noon } from '../support/api-fixture.ts';
import { incident, relayEvents, tellEvents } from '../support/told-events.ts';
import { useApi } from '../support/use-api.ts';

const { world, api, read } = useApi();
const minute = 60_000;

beforeEach(async () => {
  api.time.now = noon;
  await world.pool.query("TRUNCATE outbox, relay_claim, flow_sample; UPDATE lease SET expires_at = '-infinity'");
  await world.pool.query("DELETE FROM batch WHERE parser_version = 'flow'");
});

const stored = (at: number, written: number) =>
  world.pool.query(
    `INSERT INTO batch (blob_key, parser_version, run_id, part, attempt, source_id, kind, written, ingested_at)
     VALUES ($1::uuid::text, 'flow', $1::uuid, 0, 1, 'yahoo', 'quotes', $2, $3)`,
    [randomUUID(), written, new Date(at)],
  );
const look = async (at: number) => flowSamples(world.pool).keep(await relayLag(world.pool), new Date(at));
const iso = (at: number) => new Date(at).toISOString();
const flow = async (path: string) => (await read(z.array(flowSampleSchema), path)).data;

describe('the flow', () => {
  it('has what each minute stored, also what was stored late, and what waited for the relay', async () => {
    await stored(noon - 5 * minute + 1, 40);
    await stored(noon + 59_000, 2);
    await tellEvents(world.pool, [incident('yahoo', 1), incident('yahoo', 2)]);
    await look(noon);
    const first = await flow(`/health/flow?from=${iso(noon - 5 * minute)}`);
    expect(first.map(({ at }) => at)).toEqual(
      Array.from({ length: 6 }, (_, place) => iso(noon + (place - 5) * minute)),
    );
    expect(first[0]).toMatchObject({ batches: 1, rows: 40, waiting: null, oldestSeconds: null });
    expect(first.at(-1)).toMatchObject({ batches: 1, rows: 2, waiting: 2 });
    // A batch that began five minutes ago is there now; nothing waits any more.
    await stored(noon - 5 * minute + 2, 100);
    await relayEvents(world.pool);
    await look(noon + minute);
    const again = await flow(`/health/flow?from=${iso(noon - 5 * minute)}`);
    expect(again[0]).toMatchObject({ batches: 2, rows: 140 });
    // What was seen of the relay stays as it was.
    expect(again.slice(-2)).toMatchObject([
      { waiting: 2, batches: 1 },
      { waiting: 0, oldestSeconds: 0, batches: 0, rows: 0 },
    ]);
    expect(await flow(`/health/flow?from=${iso(noon)}&to=${iso(noon + minute)}`)).toHaveLength(1);
  });

  it('of an hour is what its minutes stored, and the most that waited', async () => {
    const before = noon - 60 * minute;
    for (const [at, events] of [
      [before, 3],
      [before + 30 * minute, 1],
      [noon, 0],
    ] as const) {
      await world.pool.query('TRUNCATE outbox');
      await stored(at, 10);
      if (events > 0)
        await tellEvents(
          world.pool,
          Array.from({ length: events }, (_, count) => incident('yahoo', count)),
        );
      await look(at);
    }
    const hours = await flow(`/health/flow?by=hour&from=${iso(before + minute)}`);
    expect(hours).toMatchObject([
      { at: iso(before), batches: 2, rows: 20, waiting: 3 },
      { at: iso(noon), batches: 1, rows: 10, waiting: 0 },
    ]);
  });

  it('begins three hours ago by the minute, and seven days ago by the hour', async () => {
    for (const ago of [0, 60, 181, 6 * 1_440, 8 * 1_440]) await look(noon - ago * minute);
    const seen = async (by: string) => new Set((await flow(`/health/flow?by=${by}`)).map(({ at }) => at));
    const minutes = await seen('minute');
    expect([minutes.has(iso(noon - 60 * minute)), minutes.has(iso(noon - 181 * minute))]).toEqual([true, false]);
    const hours = await seen('hour');
    expect([hours.has(iso(noon - 6 * 1_440 * minute)), hours.has(iso(noon - 8 * 1_440 * minute))]).toEqual([
      true,
      false,
    ]);
  });
});
