import { expect, it } from 'vitest';
import * as z from 'zod';
import { unfinishedImports } from '../../core/adapters/postgres/work/unfinished-imports.ts';
import { importSchema, partUploadSchema } from '../../core/contracts/http/imports.ts';
import { removeUnfinished, unfinishedDays } from '../../functions/maintain/remove-unfinished.ts';
import { importFile, rowsAsText } from '../support/import-file.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ sources: ['yahoo'], pipeline: { symbols: ['AAPL'] } });
const opened = z.object({ data: importSchema });
const announced = z.object({ data: partUploadSchema });
const dayMs = 86_400_000;

it('what was uploaded of an import that nobody finished is deleted a month after it expired, and nothing else', async () => {
  const pipeline = world.pipeline();
  const api = world.api({ queue: pipeline.queue, clock: Date.now });
  const { operate: key } = await world.keys();
  const { blobs } = pipeline.blobs;
  const upload = async (parts: number) => {
    const json = { kind: 'bars', licence: 'internal' };
    const made = opened.parse(await (await api.ask('/imports', { method: 'POST', key, json })).json()).data;
    const keys = await Promise.all(
      Array.from({ length: parts }, async (_, part) => {
        const announcement = { bytes: 3, sha256: `${'A'.repeat(43)}=` };
        const path = `/imports/${made.id}/parts/${part}`;
        const answer = await api.ask(path, { method: 'PUT', key, json: announcement });
        return new URL(announced.parse(await answer.json()).data.url).pathname.slice(1);
      }),
    );
    for (const blobKey of keys) blobs.set(blobKey, Buffer.from('gz!'));
    return { id: made.id, keys };
  };
  const row = { symbol: 'ACME', date: '2024-01-02', close: 5, currency: 'USD' };
  const done = await importFile(api, pipeline, key, { kind: 'bars', parts: [rowsAsText([row])] });
  const finished = [...blobs.keys()];
  const left = await upload(3);
  const without = await upload(0);
  const others = [...Array(12).keys()];
  for (const _ of others) await upload(1);
  const imports = unfinishedImports(world.pool);
  const remove = (days: number) =>
    removeUnfinished({ imports, blobs: pipeline.blobs }, Date.now() + (days * 24 + 1) * 3_600_000);

  expect(await remove(unfinishedDays)).toBe(0);
  expect(blobs.size).toBe(finished.length + 3 + others.length);
  // Interrupted between the objects and the rows: the next night does both.
  const broken = { expired: imports.expired, forget: () => Promise.reject(new Error('away')) };
  const later = Date.now() + (unfinishedDays + 1) * dayMs + 3_600_000;
  await expect(removeUnfinished({ imports: broken, blobs: pipeline.blobs }, later)).rejects.toThrow('away');
  expect(await remove(unfinishedDays + 1)).toBe(1 + others.length);
  expect([...blobs.keys()]).toEqual(finished);
  expect(await remove(unfinishedDays + 1)).toBe(0);

  const statusOf = async (id: string) =>
    opened.parse(await (await api.ask(`/imports/${id}`, { key })).json()).data.parts;
  expect(await Promise.all([done.id, left.id, without.id].map(statusOf))).toEqual([1, 0, 0]);
  expect(await world.all('SELECT count(*)::int AS bars FROM bar')).toEqual([{ bars: 1 }]);
});
