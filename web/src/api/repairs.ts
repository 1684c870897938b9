/**
 * What a person can do about what was given up or kept apart: send dead letters again, read raw answers anew, believe a
 * price. None of these throws: a failure is said, like the result.
 */
import type { z } from 'zod';
import { type QuarantineView, redriveSchema } from '../../../core/contracts/http/operations.ts';
import {
  replayAcceptedSchema,
  type replayRequestSchema,
  type replaySchema,
} from '../../../core/contracts/http/replays.ts';
import { toast, toastFailure } from '../elements/toasts.tsx';
import { capital, formatCount, plural } from '../format.ts';
import { change } from './client.ts';
import { deadLettersQuery, quarantineQuery, quotesQuery, replayQuery, servicesQuery } from './queries.ts';
import { endSessionOn401, queryClient } from './query-client.ts';

const followEveryMs = 1_000;
const followAtMostMs = 120_000;

type ReplayRequest = z.input<typeof replayRequestSchema>;
type Replay = z.infer<typeof replaySchema>;

/** Moves what a queue gave up on back into it. */
export async function redriveLetters(queue: string): Promise<void> {
  try {
    const { data } = await change('POST', '/dead-letters/redrive', redriveSchema, { queue });
    const rest = data.more ? ' There are more: send again.' : '';
    toast({
      tone: 'done',
      text:
        data.moved === 0
          ? `Nothing was left to send to ${queue}.`
          : `${plural(data.moved, 'message')} sent to ${queue} again.${rest}`,
    });
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`Nothing was sent to ${queue}`, error);
  }
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: deadLettersQuery(queue).queryKey }),
    queryClient.invalidateQueries({ queryKey: servicesQuery.queryKey }),
  ]);
}

/** Reads the raw answers of quarantined rows anew, and follows that to its end. `what` is how the rows are called. */
export async function replayRows(rows: ReplayRequest, what: string): Promise<void> {
  try {
    const { data } = await change('POST', '/quarantine/replay', replayAcceptedSchema, rows);
    const message = toast({ tone: 'doing', text: `Reading ${what} anew. You can leave this page.` });
    void followReplay(data.id, what, data.more, message);
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${capital(what)} was not read anew`, error);
    await refresh();
  }
}

/** Reads a row's raw answer anew, its jump vouched for by a person. */
export function believeRow(row: Pick<QuarantineView, 'id' | 'symbol'>): Promise<void> {
  return replayRows({ ids: [row.id], believe: true }, `the price of ${row.symbol ?? 'one row'}`);
}

async function followReplay(id: string, what: string, more: boolean, message: number): Promise<void> {
  try {
    const until = Date.now() + followAtMostMs;
    for (;;) {
      const replay = await queryClient.fetchQuery({ ...replayQuery(id), staleTime: 0, retry: false });
      if (replay.status === 'done') {
        toast({ tone: 'done', text: `${resultOf(replay)}${more ? ' There are more: read anew again.' : ''}` }, message);
        break;
      }
      if (Date.now() > until) {
        toast({ tone: 'done', text: `${progressOf(replay)} after two minutes; the rest follows.` }, message);
        break;
      }
      if (replay.blobs > 1) toast({ tone: 'doing', text: `${progressOf(replay)}. You can leave this page.` }, message);
      await new Promise((resolve) => setTimeout(resolve, followEveryMs));
    }
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${capital(what)} is being read anew, but cannot be followed`, error, message);
  }
  await refresh();
}

function progressOf({ read, blobs }: Replay): string {
  return `${formatCount(read)} of ${plural(blobs, 'raw answer')} read anew`;
}

function resultOf({ blobs, accepted, written, rejected }: Replay): string {
  return `${plural(blobs, 'raw answer')} read anew: ${plural(accepted, 'row')} accepted, ${formatCount(written)} of them new or changed, ${formatCount(rejected)} rejected.`;
}

async function refresh(): Promise<void> {
  await Promise.all(
    [quarantineQuery.queryKey, quotesQuery.queryKey, ['quote'], ['history']].map((queryKey) =>
      queryClient.invalidateQueries({ queryKey }),
    ),
  );
}
