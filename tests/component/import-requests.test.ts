import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { problemSchema } from '../../core/contracts/http/envelope.ts';
import { importKinds } from '../../core/contracts/words/imports.ts';
import { licenceClasses } from '../../core/contracts/words/licence.ts';
import { type Keys, testApi } from '../support/api-fixture.ts';
import { fuzzRuns } from '../support/fuzz-runs.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ keepRows: true });
const opened = z.object({ data: z.object({ id: z.uuid(), status: z.string() }) });
const sums = ['A', 'B'].map((letter) => `${letter.repeat(43)}=`);
const longMs = 3_600_000;

let api: ReturnType<typeof testApi>;
let keys: Keys;

beforeAll(async () => {
  api = testApi(world.pool);
  keys = await world.keys();
});

async function open(): Promise<string> {
  const answer = await api.ask('/imports', {
    method: 'POST',
    key: keys.operate,
    json: { kind: 'bars', licence: 'internal' },
  });
  return opened.parse(await answer.json()).data.id;
}

/** A value of a field: right, nearly right, or anything. */
const field = <T>(right: readonly T[]) =>
  fc.oneof(fc.constantFrom(...right), fc.jsonValue(), fc.string({ unit: 'binary' }));

describe('POST /imports', () => {
  it(
    'answers any body as documented',
    async () => {
      const body = fc.oneof(
        fc.record(
          {
            kind: field(importKinds),
            licence: field(licenceClasses),
            source: field(['yahoo', 'import', 'nobody']),
            label: field(['x.csv', '\u001b[2J', '../../etc']),
            more: fc.jsonValue(),
          },
          { requiredKeys: [] },
        ),
        fc.jsonValue(),
      );
      await fc.assert(
        fc.asyncProperty(body, async (json) => {
          const answer = await api.ask('/imports', { method: 'POST', key: keys.operate, json });
          if (answer.status === 201) return void opened.parse(await answer.json());
          expect([400, 404]).toContain(answer.status);
          problemSchema.parse(await answer.json());
        }),
        { numRuns: fuzzRuns(100) },
      );
    },
    longMs,
  );
});

describe('the parts of an import', () => {
  it(
    'answer any path and body as documented',
    async () => {
      const id = await open();
      const request = fc.record({
        id: fc.oneof(fc.constantFrom(id, randomUUID()), fc.string({ maxLength: 40 })),
        part: fc.oneof(fc.integer(), fc.constantFrom('0', '999', '1000', '-1', '1e3', '0x1', ' 1')),
        bytes: field([1, 100, 8 * 1024 * 1024, 8 * 1024 * 1024 + 1, 0.5]),
        sha256: field(sums),
      });
      await fc.assert(
        fc.asyncProperty(request, async ({ id: of, part, bytes, sha256 }) => {
          const path = `/imports/${encodeURIComponent(of)}/parts/${encodeURIComponent(String(part))}`;
          const answer = await api.ask(path, { method: 'PUT', key: keys.operate, json: { bytes, sha256 } });
          expect([200, 400, 404, 405, 409]).toContain(answer.status);
        }),
        { numRuns: fuzzRuns(100) },
      );
    },
    longMs,
  );

  it(
    'in any order, and again, end in the one state that their order allows',
    async () => {
      const step = fc.oneof(
        fc.record({
          do: fc.constant('announce' as const),
          part: fc.integer({ min: 0, max: 3 }),
          sum: fc.integer({ min: 0, max: 1 }),
        }),
        fc.record({ do: fc.constant('finish' as const), parts: fc.integer({ min: 1, max: 4 }) }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const id = await open();
          const announced = new Map<number, number>();
          let finished = false;
          for (const each of steps) {
            if (each.do === 'announce') {
              const path = `/imports/${id}/parts/${each.part}`;
              const json = { bytes: 9, sha256: sums[each.sum] };
              const { status } = await api.ask(path, { method: 'PUT', key: keys.operate, json });
              const fits = (announced.get(each.part) ?? each.sum) === each.sum;
              expect(status).toBe(!finished && fits ? 200 : 409);
              if (status === 200) announced.set(each.part, each.sum);
              continue;
            }
            const answer = await api.ask(`/imports/${id}/finish`, {
              method: 'POST',
              key: keys.operate,
              json: { parts: each.parts },
            });
            const whole = announced.size === each.parts && [...announced.keys()].every((part) => part < each.parts);
            expect(answer.status).toBe(whole ? 202 : 409);
            finished ||= whole;
          }
          const { rows } = await world.pool.query('SELECT count(*)::int AS tasks FROM task WHERE run_id = $1', [id]);
          expect(rows).toEqual([{ tasks: finished ? announced.size : 0 }]);
          const one = opened.parse(await (await api.ask(`/imports/${id}`, { key: keys.read })).json());
          expect(one.data.status).toBe(finished ? 'queued' : 'open');
        }),
        { numRuns: fuzzRuns(25) },
      );
    },
    longMs,
  );
});
