import * as z from 'zod';
import { exportLinkSchema, exportSchema } from '../../core/contracts/http/exports.ts';
import { archived } from './archive-scenarios.ts';
import { type Bench, Broken } from './bench.ts';
import type { Scenario } from './steps.ts';

/** Of files that people ask for. */
export const exportScenarios: readonly Scenario[] = [
  {
    fn: 'write-exports',
    needs: ['s3:PutObject on exports/*', 's3:GetObject on history/*'],
    async run(bench) {
      const { month, end } = await archived(bench);
      const { status, rows } = await written(bench, { from: month, to: end });
      if (status !== 'succeeded' || rows === 0)
        throw new Broken(`an export of ${month} is ${status} with ${rows} rows`);
    },
  },
  {
    fn: 'write-exports',
    needs: ['sqs:SendMessage on exports'],
    async run(bench) {
      const { month, end } = await archived(bench);
      const manifest = `(SELECT manifest FROM quote_archive WHERE month = $1::date)`;
      const { rows } = await bench.pool.query(`SELECT ${manifest} AS key`, [month]);
      const { key } = z.object({ key: z.string() }).parse(rows[0]);
      const setTo = (to: string) =>
        bench.pool.query('UPDATE quote_archive SET manifest = $2 WHERE month = $1::date', [month, to]);
      await setTo('history/quotes/nothing.json');
      try {
        // A stretch that fails is tried again by another message.
        const { id } = await written(bench, { from: month, to: end });
        await bench.soon(
          'another try of an export',
          async () => (await bench.take('exports')).some((body) => body.includes(id)),
          30_000,
        );
      } finally {
        await setTo(key);
      }
    },
  },
  {
    fn: 'api',
    needs: ['s3:GetObject on exports/*'],
    async run(bench) {
      const { month, end } = await archived(bench);
      const { id } = await written(bench, { from: month, to: end });
      const { text } = await bench.ask(`/exports/${id}/files`);
      const [manifest] = z.object({ data: z.array(exportLinkSchema) }).parse(JSON.parse(text)).data;
      const answer = await fetch(new URL(manifest?.url ?? 'nothing:', bench.dashboardUrl));
      await answer.body?.cancel();
      if (!answer.ok) throw new Broken(`the link to a file of an export gave ${answer.status}`);
    },
  },
];

const answerSchema = z.object({ data: exportSchema });

/** An export after one stretch of work on it. */
async function written(bench: Bench, of: { from: string; to: string }) {
  const body = { symbols: ['AAPL'], intervals: ['tick'], ...of };
  const { data } = answerSchema.parse(JSON.parse((await bench.ask('/exports', { method: 'POST', body })).text));
  await bench.handOver('write-exports', 'exports', [await bench.oneOf('exports', data.id)]);
  return answerSchema.parse(JSON.parse((await bench.ask(`/exports/${data.id}`)).text)).data;
}
