import { beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { sourceHealthSchema } from '../../core/contracts/http/operations.ts';
import { incidentSchema } from '../../core/contracts/http/recovery.ts';
import { iso } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const { world, api, keys } = useApi();

const id = (n: number) => `4c7c1f0e-7a34-4f39-9d75-0a4a1c1a000${n}`;
const sample = { runId: id(7), part: 0, message: 'HTTP 500', blobKey: 'raw/yahoo/a.json.gz', artifacts: [] };
/** The first is of a release that knew no codes. */
const stored = [
  { at: iso(-600), ...sample },
  { at: iso(-500), ...sample, detail: { code: 'http_status', status: 500 } },
];
const evidence = stored.map((each) => ({ detail: { code: 'unspecified' }, ...each }));

beforeAll(async () => {
  await world.pool.query(
    `INSERT INTO incident (id, source_id, reason, opened_at, last_seen_at, resolved_at, count, evidence) VALUES
       ($1, 'yahoo', 'down', $4, $5, NULL, 3, $6), ($2, 'yahoo', 'timeout', $4, $5, $5, 1, '[]'),
       ($3, 'coingecko', 'rate_limited', $5, $5, NULL, 2, '[]')`,
    [id(1), id(2), id(3), iso(-600), iso(-60), JSON.stringify(stored)],
  );
});

async function list(query = '') {
  const answer = await api.ask(`/incidents${query}`, { key: keys.read });
  return envelope(z.array(incidentSchema)).parse(await answer.json());
}

it('lists incidents, the latest opened first, by source, reason and status', async () => {
  expect((await list()).data.map((each) => each.id)).toEqual([id(3), id(1), id(2)]);
  expect((await list('?sourceId=yahoo')).data.map((each) => each.id)).toEqual([id(1), id(2)]);
  expect((await list('?status=open')).data.map((each) => each.id)).toEqual([id(3), id(1)]);
  expect((await list('?status=resolved&sourceId=yahoo')).data.map((each) => each.id)).toEqual([id(2)]);
  expect((await list('?reason=down')).data).toEqual([
    {
      id: id(1),
      sourceId: 'yahoo',
      reason: 'down',
      cause: 'down',
      status: 'open',
      openedAt: iso(-600),
      lastSeenAt: iso(-60),
      resolvedAt: null,
      count: 3,
      cameBack: 0,
      evidence,
    },
  ]);
});

it('pages without losing one of two that were opened at the same time', async () => {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await list(`?limit=1${cursor ? `&cursor=${cursor}` : ''}`);
    seen.push(...page.data.map((each) => each.id));
    cursor = page.meta.nextCursor;
  } while (cursor !== undefined);
  expect(seen).toEqual([id(3), id(1), id(2)]);
});

it('gives one by its id, and says where the others are', async () => {
  const one = await api.ask(`/incidents/${id(1)}`, { key: keys.read });
  expect(envelope(incidentSchema).parse(await one.json()).data.evidence).toEqual(evidence);
  const none = await api.ask(`/incidents/${id(9)}`, { key: keys.read });
  expect([none.status, await none.json()]).toMatchObject([404, { code: 'not_found' }]);
});

it('shows what is open on the source', async () => {
  const answer = await api.ask('/sources/yahoo/health', { key: keys.read });
  const { incidents } = envelope(sourceHealthSchema).parse(await answer.json()).data;
  expect(incidents).toEqual([
    { id: id(1), reason: 'down', cause: 'down', openedAt: iso(-600), lastSeenAt: iso(-60), count: 3 },
  ]);
});
