/** Of several tabs that are looked at, one follows the feed and tells the others. */
import { z } from 'zod';
import { openEvents } from '../api/client.ts';
import { follow, type Heard } from './follow.ts';

const name = 'quotron-events';
const messageSchema = z.union([z.object({ said: z.string().nullable() }), z.object({ missed: z.literal(true) })]);
/** The tab that follows says something at least this often. */
const silentMs = 60_000;
const nameKey = 'quotron.follower';

/**
 * By what name this browser follows, of whose tabs one does: after a reload, or when another tab goes on, the stream that was
 * left ends at once. None where each tab follows, or nothing is kept.
 */
function followerName(): string | null {
  if (!navigator.locks) return null;
  try {
    const kept = z.uuid().safeParse(localStorage.getItem(nameKey));
    const own = kept.data ?? crypto.randomUUID();
    localStorage.setItem(nameKey, own);
    return own;
  } catch {
    return null;
  }
}

/** Follows the feed while this tab is looked at, itself or by another tab. Gives what ends it. */
export function followInOneTab(heard: Heard): () => void {
  const channel = new BroadcastChannel(name);
  let over = new AbortController();
  const client = followerName();
  let heardOfOthers = false;
  let silence: ReturnType<typeof setTimeout> | undefined;

  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    const read = messageSchema.safeParse(data);
    if (!read.success || document.hidden) return;
    clearTimeout(silence);
    silence = setTimeout(heard.lost, silentMs);
    heardOfOthers = true;
    if ('said' in read.data) heard.said(read.data.said);
    else heard.missed();
  };
  const own: Heard = {
    said(data) {
      channel.postMessage({ said: data });
      heard.said(data);
    },
    missed() {
      channel.postMessage({ missed: true });
      heard.missed();
    },
    lost: heard.lost,
  };

  const begin = () => {
    const { signal } = over;
    const work = () => {
      clearTimeout(silence);
      // Between the other tab's last word and the first of this one.
      if (heardOfOthers) own.missed();
      return follow((last, until) => openEvents(client, last, until), signal, own);
    };
    // Where there are no locks, each tab follows.
    const following = navigator.locks ? navigator.locks.request(name, { signal }, work) : work();
    // A lock that is not waited for any more.
    Promise.resolve(following).catch(() => undefined);
  };
  const look = () => {
    over.abort();
    clearTimeout(silence);
    heardOfOthers = false;
    over = new AbortController();
    if (document.hidden) heard.lost();
    else begin();
  };
  document.addEventListener('visibilitychange', look);
  look();
  return () => {
    document.removeEventListener('visibilitychange', look);
    over.abort();
    clearTimeout(silence);
    channel.close();
  };
}
