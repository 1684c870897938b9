/**
 * The actions on dead letters and quarantined rows: redrive, replay, and accept a price. None of them throws: a failure is
 * shown as a toast, like the result.
 */
import type { z } from 'zod';
import { type QuarantineView, redriveSchema } from '../../../core/contracts/http/operations.ts';
import {
  discardedSchema,
  type discardRequestSchema,
  replayAcceptedSchema,
  type replayRequestSchema,
  type replaySchema,
} from '../../../core/contracts/http/replays.ts';
import { change } from '../api/client.ts';
import { deadLettersQuery, quarantineQuery, replayQuery, servicesQuery } from '../api/queries.ts';
import { endSessionOn401, queryClient } from '../api/query-client.ts';
import { toast, toastFailure } from '../components/toasts.tsx';
import { capital, formatCount, plural } from '../text/format.ts';
import { follow } from './follow.ts';

const followAtMostMs = 120_000;

type ReplayRequest = z.input<typeof replayRequestSchema>;
type Replay = z.infer<typeof replaySchema>;

/** Moves the dead letters of a queue back into it. */
export async function redriveLetters(queue: string): Promise<void> {
  try {
    const { data } = await change('POST', '/dead-letters/redrive', redriveSchema, { queue });
    const rest = data.more ? ' There are more: redrive again.' : '';
    toast({
      tone: 'done',
      text:
        data.moved === 0
          ? `There was nothing to redrive in ${queue}.`
          : `${plural(data.moved, 'message')} moved back to ${queue}.${rest}`,
    });
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`The dead letters of ${queue} were not redriven`, error);
  }
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: deadLettersQuery(queue).queryKey }),
    queryClient.invalidateQueries({ queryKey: servicesQuery.queryKey }),
  ]);
}

/** Replays the raw answers of quarantined rows and follows the replay until it ends. `what` names the rows in the toasts. */
export async function replayRows(rows: ReplayRequest, what: string): Promise<void> {
  try {
    const { data } = await change('POST', '/quarantine/replay', replayAcceptedSchema, rows);
    const message = toast({ tone: 'doing', text: `Replaying ${what}. You can leave this page.` });
    void followReplay(data.id, what, data.more, message);
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${capital(what)} was not replayed`, error);
    await refresh();
  }
}

/** Replays a row's raw answer and accepts its price, however far it is from what is known. */
export function acceptRow(row: Pick<QuarantineView, 'id' | 'symbol'>): Promise<void> {
  return replayRows({ ids: [row.id], believe: true }, `the price of ${row.symbol ?? 'one row'}`);
}

/** Discards quarantined rows: nothing is to be done about them. `because` is kept with them. */
export async function discardRows(
  rows: Omit<z.input<typeof discardRequestSchema>, 'because'>,
  because: string,
  what: string,
): Promise<void> {
  try {
    const { data } = await change('POST', '/quarantine/discard', discardedSchema, { ...rows, because });
    toast({
      tone: 'done',
      text: `${plural(data.discarded, 'row')} discarded.${data.more ? ' There are more: discard again.' : ''}`,
    });
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${capital(what)} was not discarded`, error);
  }
  await refresh();
}

async function followReplay(id: string, what: string, more: boolean, message: number): Promise<void> {
  try {
    const look = async () => {
      const seen = await queryClient.fetchQuery({ ...replayQuery(id), staleTime: 0, retry: false });
      if (seen.status === 'queued' && seen.blobs > 1)
        toast({ tone: 'doing', text: `${progressOf(seen)}. You can leave this page.` }, message);
      return seen;
    };
    const replay = await follow(look, ({ status }) => status !== 'queued', { withinMs: followAtMostMs });
    const rest = more ? ' There are more: replay again.' : '';
    if (replay.status === 'queued')
      toast({ tone: 'done', text: `${progressOf(replay)} after two minutes; it continues.` }, message);
    else toast({ tone: cameToNothing(replay) ? 'warning' : 'done', text: `${resultOf(replay)}${rest}` }, message);
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${capital(what)} is being replayed, but could not be followed`, error, message);
  }
  await refresh();
}

function progressOf({ read, blobs }: Replay): string {
  return `${formatCount(read)} of ${plural(blobs, 'raw answer')} replayed`;
}

/** No row has left the quarantine, or an answer could not be read: the command line ends with 1 then. */
function cameToNothing({ released, failed }: Replay): boolean {
  return released === 0 || failed > 0;
}

function resultOf({ blobs, accepted, written, rejected, released, failed }: Replay): string {
  const left = released === 0 ? 'Nothing has left the quarantine' : `${plural(released, 'row')} left the quarantine`;
  const unread = failed === 0 ? '' : ` ${plural(failed, 'raw answer')} could not be read.`;
  return `${left}. ${plural(blobs, 'raw answer')} replayed: ${plural(accepted, 'row')} accepted, ${formatCount(written)} of them new or changed, ${formatCount(rejected)} rejected.${unread}`;
}

async function refresh(): Promise<void> {
  await Promise.all(
    [quarantineQuery.queryKey, ['quotes'], ['quote'], ['history']].map((queryKey) =>
      queryClient.invalidateQueries({ queryKey }),
    ),
  );
}
