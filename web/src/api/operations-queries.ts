/** What the pages of keys and of runs read. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import { apiKeySchema } from '../../../core/contracts/http/api-keys.ts';
import { runSchema } from '../../../core/contracts/http/operations.ts';
import { settingsSchema } from '../../../core/contracts/http/settings.ts';
import { paced } from '../live/pace.ts';
import { reader } from './client.ts';

const readKeys = reader(z.array(apiKeySchema));
const readSettings = reader(settingsSchema);
const readRuns = reader(z.array(runSchema));

/** Every API key, newest first. Only a key of scope `admin` may read them. */
export const keysQuery = queryOptions({
  queryKey: ['keys'],
  queryFn: async ({ signal }) => (await readKeys('/keys', signal)).data,
});

/** How the installation is configured. Only a key of scope `operate` may read it. */
export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: async ({ signal }) => (await readSettings('/settings', signal)).data,
});

/** Runs of all sources or one, of all statuses or one, the latest due first, page after page. */
export function allRunsQuery({ source, status }: { source?: string | undefined; status?: string | undefined }) {
  return infiniteQueryOptions({
    queryKey: ['runs', 'all', source, status],
    queryFn: async ({ pageParam, signal }) => {
      const query = new URLSearchParams({ limit: '100' });
      if (source !== undefined) query.set('sourceId', source);
      if (status !== undefined) query.set('status', status);
      if (pageParam !== '') query.set('cursor', pageParam);
      const answer = await readRuns(`/runs?${query}`, signal);
      return { runs: answer.data, nextCursor: answer.meta.nextCursor };
    },
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: ({ state: { data } }) => (data && data.pages.length > 1 ? false : paced(10_000)()),
  });
}
