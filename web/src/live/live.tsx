import { useEffect } from 'react';
import { queryClient } from '../api/query-client.ts';
import { followInOneTab } from './one-tab.ts';
import { setFollowing } from './pace.ts';
import { touchedBy } from './touched.ts';

/** Events that come together are one look. */
const gatherMs = 250;

/** Keeps what is shown as it is, by events; while none come, the queries ask more often again. */
export function Live() {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let follows = false;
    const touched = new Map<string, readonly string[]>();
    const refresh = () => {
      timer = undefined;
      const keys = [...touched.values()];
      touched.clear();
      for (const queryKey of keys) void queryClient.invalidateQueries({ queryKey });
    };
    const set = (now: boolean) => {
      const before = follows;
      follows = now;
      setFollowing(now);
      return before;
    };
    const end = followInOneTab({
      said(data) {
        set(true);
        if (data === null) return;
        for (const key of touchedBy(data)) touched.set(key.join('\n'), key);
        timer ??= setTimeout(refresh, gatherMs);
      },
      missed() {
        set(true);
        touched.set('', []);
        timer ??= setTimeout(refresh, gatherMs);
      },
      // What came meanwhile is not known: everything is asked for, and then at its usual pace.
      lost() {
        if (set(false)) void queryClient.invalidateQueries({ refetchType: document.hidden ? 'none' : 'active' });
      },
    });
    return () => {
      clearTimeout(timer);
      set(false);
      end();
    };
  }, []);
  return null;
}
