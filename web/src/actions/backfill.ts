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
import { follow } from './follow.ts';

const readBackfill = reader(backfillSchema);
const followEveryMs = 2_000;
const followAtMostMs = 300_000;

/** Starts a backfill and follows it until it ends. */
export async function startBackfill(wanted: z.input<typeof backfillRequestSchema>): Promise<void> {
  const of = wanted.symbols.join(', ');
  try {
    const { data } = await change('POST', '/backfills', backfillSchema, wanted);
    const message = toast({ tone: 'doing', text: `Bars of ${of} are being read. You can leave this page.` });
    void followBackfill(data, of, message);
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`The bars of ${of} were not asked for`, error);
  }
}

async function followBackfill(first: BackfillView, of: string, message: number): Promise<void> {
  try {
    const look = async () => {
      const { data } = await readBackfill(`/backfills/${encodeURIComponent(first.id)}`);
      const { done, total } = data.chunks;
      if (total > 1 && data.finishedAt === null)
        toast({ tone: 'doing', text: `Bars of ${of}: ${done} of ${total} parts are read.` }, message);
      return data;
    };
    const backfill = await follow(look, ({ finishedAt }) => finishedAt !== null, {
      withinMs: followAtMostMs,
      everyMs: followEveryMs,
      seen: first,
    });
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
