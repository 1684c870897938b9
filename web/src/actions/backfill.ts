import type { z } from 'zod';
import {
  type BackfillView,
  type backfillRequestSchema,
  backfillSchema,
} from '../../../core/contracts/http/backfills.ts';
import { change, reader } from '../api/client.ts';
import { endSessionOn401, queryClient } from '../api/query-client.ts';
import { toast, toastFailure } from '../components/toasts.tsx';
import { plural } from '../text/format.ts';

const readBackfill = reader(backfillSchema);
const followEveryMs = 2_000;
const followAtMostMs = 300_000;

/** Starts a backfill and follows it until it ends. */
export async function startBackfill(wanted: z.input<typeof backfillRequestSchema>): Promise<void> {
  const of = wanted.symbols.join(', ');
  try {
    const { data } = await change('POST', '/backfills', backfillSchema, wanted);
    const message = toast({ tone: 'doing', text: `Bars of ${of} are being read. You can leave this page.` });
    void follow(data, of, message);
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`The bars of ${of} were not asked for`, error);
  }
}

async function follow(first: BackfillView, of: string, message: number): Promise<void> {
  try {
    const until = Date.now() + followAtMostMs;
    let backfill = first;
    while (backfill.finishedAt === null && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, followEveryMs));
      backfill = (await readBackfill(`/backfills/${encodeURIComponent(first.id)}`)).data;
      const { done, total } = backfill.chunks;
      if (total > 1 && backfill.finishedAt === null)
        toast({ tone: 'doing', text: `Bars of ${of}: ${done} of ${total} parts are read.` }, message);
    }
    if (backfill.finishedAt === null) toast({ tone: 'done', text: `The backfill of ${of} goes on.` }, message);
    else if (backfill.status === 'succeeded')
      toast({ tone: 'done', text: `The backfill of ${of} is done: ${plural(backfill.rows, 'bar')}.` }, message);
    else
      toast(
        {
          tone: 'failed',
          text: `The backfill of ${of} ended as ${backfill.status}: ${plural(backfill.rows, 'bar')}, ${plural(backfill.chunks.failed, 'part')} failed. The page of the source says why.`,
        },
        message,
      );
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`The backfill of ${of} was started, but could not be followed`, error, message);
  }
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ['coverage'] }),
    queryClient.invalidateQueries({ queryKey: ['bars'] }),
  ]);
}
