/** Adds a symbol to what is collected and follows it until each source has answered. Failures are shown as toasts. */
import {
  type WatchedSourceView,
  type WatchedView,
  watchAddedSchema,
  watchedSchema,
} from '../../../core/contracts/http/watch.ts';
import { change, reader } from '../api/client.ts';
import { requestErrorOf } from '../api/failure.ts';
import { endSessionOn401, queryClient } from '../api/query-client.ts';
import { toast, toastFailure } from '../components/toasts.tsx';
import { formatExact, formatRelative, plural, words } from '../text/format.ts';
import { follow } from './follow.ts';

const readWatched = reader(watchedSchema);
const followEveryMs = 1_500;
const followAtMostMs = 90_000;

/** Collects a symbol from now on. `onShow` opens its page once there is a price. */
export async function addSymbol(text: string, onShow: (symbol: string) => void): Promise<void> {
  try {
    const { data } = await change('PUT', `/watch/${encodeURIComponent(text)}`, watchAddedSchema);
    const { symbol, freshness, list } = data;
    if (!data.added && data.state === 'collected') {
      toast({ tone: 'done', text: `${symbol} is collected already.`, action: show(symbol, onShow) });
      return;
    }
    const cost = freshness
      .filter(({ before, after }) => after > before)
      .map(
        ({ sourceId, kind, before, after }) =>
          `${kind === 'bars' ? 'bars' : 'prices'} of ${sourceId} come every ${after} s instead of ${before} s`,
      );
    const full =
      data.withoutRoom.length === 0 ? '' : ` The quota of ${data.withoutRoom.join(', ')} has no room for it.`;
    const costs = `${cost.length === 0 ? '' : ` From now on ${cost.join(', ')}.`}${full}`;
    const message = toast({
      tone: 'doing',
      text: `${symbol} is being fetched, as one of ${plural(list.count, 'symbol')}.${costs}`,
    });
    void followSymbol(data, onShow, message);
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${text} was not added`, error);
  }
}

async function followSymbol(first: WatchedView, onShow: (symbol: string) => void, message: number): Promise<void> {
  const { symbol } = first;
  try {
    const watched = await follow(
      async () => (await readWatched(`/watch/${encodeURIComponent(symbol)}`)).data,
      ({ sources }) => !sources.some(({ state }) => state === 'waiting'),
      { withinMs: followAtMostMs, everyMs: followEveryMs, seen: first },
    );
    const found = watched.sources.some(({ state }) => state === 'collected');
    toast(
      {
        tone: found ? 'done' : 'warning',
        text: `${symbol}: ${watched.sources.map(standing).join('; ')}.`,
        ...(found ? { action: show(symbol, onShow) } : {}),
      },
      message,
    );
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${symbol} was added, but could not be followed`, requestErrorOf(error), message);
  }
  await Promise.all(
    [['asset-classes'], ['quotes'], ['sources']].map((queryKey) => queryClient.invalidateQueries({ queryKey })),
  );
}

/** How it stands with a symbol at a source: `yahoo has it`, `coingecko does not know it`. */
function standing({ sourceId, state, hold, until, reason }: WatchedSourceView): string {
  switch (state) {
    case 'collected':
      return `${sourceId} has it`;
    case 'unknown':
      return `${sourceId} does not know it`;
    case 'on_hold': {
      const why = hold === null ? '' : ` (${words(hold)})`;
      const when =
        until === null ? '' : ` ${formatRelative(Date.parse(until), Date.now())}, at ${formatExact(Date.parse(until))}`;
      return `${sourceId} takes no requests now${why}${when === '' ? '' : `, again${when}`}`;
    }
    case 'failed':
      return `the first fetch from ${sourceId} failed${reason === null ? '' : ` (${words(reason)})`}, and is tried again`;
    case 'waiting':
      return `${sourceId} has not answered yet`;
    default:
      return state satisfies never;
  }
}

function show(symbol: string, onShow: (symbol: string) => void): { label: string; run: () => void } {
  return { label: 'Show it', run: () => onShow(symbol) };
}

/** Whether a text that somebody typed may be a symbol: then it can be collected. */
export function maybeSymbol(text: string): boolean {
  return /^[A-Za-z0-9^][A-Za-z0-9.^=&/_-]{0,31}$/.test(text);
}
