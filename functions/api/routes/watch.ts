import * as z from 'zod';
import { needsCredentials } from '../../../core/auth/credentials.ts';
import {
  commandToWatch,
  usualWatchLimit,
  watchAddedSchema,
  watchedSchema,
  watchRemovedSchema,
  watchRequestSchema,
} from '../../../core/contracts/http/watch.ts';
import type { Tick } from '../../../core/contracts/messages.ts';
import { page, readCursor } from '../../../core/http/page.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { cursorParameter, limitParameter, symbolOf, symbolParameter } from '../../../core/http/read-request.ts';
import { type Call, type Reply, type Route, route } from '../../../core/http/route.ts';
import { type AddRefusal, additionOf, freshnessOf } from '../../../core/planning/watch-addition.ts';
import type { WatchList } from '../../../core/planning/watch-list.ts';
import type { MessageQueue } from '../../../core/ports/message-queue.ts';
import type { SourceReader } from '../../../core/ports/source-reader.ts';
import type { SwitchStore } from '../../../core/ports/switch-store.ts';
import type { WatchStore } from '../../../core/ports/watch-store.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';
import { leftOut, licenceForbids } from '../licence.ts';
import { stoppedServices } from '../stopped-services.ts';
import { holdOf, watchedViews } from '../views/watch.ts';

interface RouteDependencies {
  readonly watch: WatchStore;
  readonly watchLimit?: number | undefined;
  readonly sources: SourceReader;
  readonly switches: SwitchStore;
  readonly queue: MessageQueue;
  readonly catalogue: readonly SourceDefinition[];
  readonly alwaysOpen?: boolean;
}

const tag = 'Watch list';
const bySymbol = z.object({ symbol: symbolParameter });
const pageLimit = 200;

export function watchRoutes(dependencies: RouteDependencies): Route[] {
  const { watch, sources, switches, queue, catalogue, alwaysOpen = false } = dependencies;
  const limit = dependencies.watchLimit ?? usualWatchLimit;

  const list = route(
    {
      method: 'get',
      path: '/watch',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'Every symbol that is collected',
      description:
        'By symbol, with the sources that are asked for it and how it stands there: `collected`, `waiting` for its first fetch, `unknown` to the source, `on_hold` while the source takes no requests, `failed`.',
      query: z.object({ limit: limitParameter(pageLimit, 100), cursor: cursorParameter }),
      data: z.array(watchedSchema),
      problems: ['invalid_cursor'],
    },
    async ({ query, call }) => {
      const [after] = readCursor(query.cursor, z.tuple([z.string().max(64)])) ?? [''];
      const found = await watch.page({ after, limit: query.limit + 1 });
      const { rows, meta } = page(found, query.limit, ({ symbol }) => [symbol]);
      const view = await viewer(call, await watch.list());
      const data = rows.map(view).filter(({ sources: shown }) => shown.length > 0);
      return { kind: 'data', data, meta, warnings: leftOut(call.visible), maxAge: 0 };
    },
  );

  const one = route(
    {
      method: 'get',
      path: '/watch/{symbol}',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'One symbol that is collected',
      description: 'To be polled after it was added, until no source is `waiting`.',
      params: bySymbol,
      data: watchedSchema,
      problems: ['invalid_symbol', 'not_watched', 'licence_forbids'],
    },
    async ({ params, call }) => {
      const symbol = symbolOf(params.symbol);
      const entry = await watch.one(symbol);
      if (!entry)
        throw new ProblemError('not_watched', `${symbol} is not on the watch list.`, {
          command: commandToWatch(symbol),
        });
      const view = await viewer(call, await watch.list());
      const data = view(entry);
      if (data.sources.length === 0) throw licenceForbids(symbol, call.visible);
      return { kind: 'data', data, warnings: leftOut(call.visible), maxAge: 0 };
    },
  );

  const add = route(
    {
      method: 'put',
      path: '/watch/{symbol}',
      access: 'operate',
      shows: 'visible',
      tag,
      summary: 'Collect a symbol from now on',
      description:
        'Of the sources in the body, or of all that have it. A first fetch is queued at once, beside the canary symbol of the source, so that an answer without it says that the source does not know it: a 202, and `Location` is to be polled. A symbol that is collected already is a 200, and nothing changes. `freshness` says what it costs: more symbols share one quota. `withoutRoom` names sources whose quota has no room for it.',
      params: bySymbol,
      body: watchRequestSchema.optional(),
      data: watchAddedSchema,
      alsoOk: { description: 'It is collected already.', data: watchAddedSchema },
      status: 202,
      problems: ['invalid_symbol', 'unknown_source', 'not_collectable', 'watch_full'],
    },
    async ({ params, body, call }): Promise<Reply> => {
      const symbol = symbolOf(params.symbol);
      const now = new Date(call.now);
      const named = body?.sources.map(({ id, symbol: own }) => ({ sourceId: id, sourceSymbol: own })) ?? null;
      for (const { sourceId } of named ?? [])
        if (catalogue.some(({ id }) => id === sourceId)) call.visible.require(sourceId);
      const rows = await sources.sources(
        catalogue.map(({ id }) => id),
        now,
      );
      const isSet = new Set(rows.flatMap((row) => (row.credentialsSet ? [row.sourceId] : [])));
      const free = catalogue.filter((source) => {
        const row = rows.find(({ sourceId }) => sourceId === source.id);
        return row && holdOf(source, row, call.now) === null;
      });
      const usable = catalogue.filter(
        (source) => call.visible.has(source.id) && (!needsCredentials(source) || isSet.has(source.id)),
      );
      const idsOf = (those: readonly SourceDefinition[]) => new Set(those.map(({ id }) => id));
      let former: WatchList = new Map();
      let added = false;
      let withoutRoom: readonly string[] = [];
      let waits = false;
      await watch.add(symbol, now, ({ list: present, count, entry, underWay }) => {
        former = present;
        const known = (entry?.at ?? []).map(({ sourceId, foundAt, unknown, run }) => ({
          sourceId,
          settled: (foundAt !== null && !unknown) || run?.ended === null,
        }));
        const decided = additionOf(
          {
            ...{ symbol, named, limit, alwaysOpen, now, sources: catalogue },
            ...{ usable: idsOf(usable), ready: idsOf(free) },
          },
          { list: present, count, known, underWay },
        );
        if ('refused' in decided) throw refusal(symbol, decided, call);
        added = decided.added.length > 0;
        withoutRoom = decided.full;
        waits = decided.runs.length > 0;
        return decided;
      });
      // The planner sends the first fetch now and not at the next minute.
      const tick: Tick = { time: now.toISOString() };
      if (waits) await queue.send('ticks', [tick]);
      const present = await watch.list();
      const entry = await watch.one(symbol);
      // Someone else may have taken it off meanwhile.
      const view = (await viewer(call, present))(entry ?? { symbol, at: [] });
      const asked = catalogue.filter(({ id }) => view.sources.some(({ sourceId }) => sourceId === id));
      const data = {
        ...view,
        added,
        freshness: freshnessOf(asked, former, present, alwaysOpen),
        withoutRoom: [...withoutRoom],
        list: { count: await watch.count(), limit },
      };
      if (view.sources.length > 0 && view.sources.every(({ state }) => state === 'collected'))
        return { kind: 'data', data };
      return {
        kind: 'data',
        data,
        status: 202,
        headers: { location: `/api/v1/watch/${encodeURIComponent(symbol)}` },
        warnings: waits ? await stoppedServices(switches, now) : [],
      };
    },
  );

  const remove = route(
    {
      method: 'delete',
      path: '/watch/{symbol}',
      access: 'operate',
      shows: 'nothing',
      tag,
      summary: 'Collect a symbol no more',
      description:
        'A fetch that is under way ends as it would; no other is planned. What is stored stays and can be read. A symbol that is not on the list is a 200, too.',
      params: bySymbol,
      data: watchRemovedSchema,
      problems: ['invalid_symbol'],
    },
    async ({ params }) => {
      const symbol = symbolOf(params.symbol);
      const removed = await watch.remove(symbol);
      return { kind: 'data', data: { symbol, removed, list: { count: await watch.count(), limit } } };
    },
  );

  return [list, one, add, remove];

  function quotaOf(sourceId: string): string {
    const quota = catalogue.find(({ id }) => id === sourceId)?.quota;
    return quota ? `${sourceId} (${quota.perMinute} requests a minute, ${quota.perDay} a day)` : sourceId;
  }

  /** Shows entries at the sources that the caller may see. */
  async function viewer({ now, visible }: Call, present: WatchList) {
    const shown = catalogue.filter(({ id }) => visible.has(id));
    const rows = await sources.sources(
      shown.map(({ id }) => id),
      new Date(now),
    );
    return watchedViews({ sources: shown, rows, list: present, alwaysOpen, now });
  }

  function refusal(symbol: string, refused: AddRefusal, call: Call): ProblemError {
    switch (refused.refused) {
      case 'list_full':
        return new ProblemError(
          'watch_full',
          `The watch list has ${limit} symbols, and takes no more. Take one off (DELETE /watch/{symbol}), or raise QUOTRON_WATCH_LIMIT.`,
        );
      case 'quota_full':
        return new ProblemError(
          'watch_full',
          `The quota of ${quotaOf(refused.sourceId)} has no room for another symbol: prices would be fetched less often than each hour, or bars than each day. Take one off, or give it a larger quota (QUOTRON_SOURCE_…_QUOTA, sourceQuotas).`,
        );
      case 'unknown_source':
        return new ProblemError(
          'unknown_source',
          `No source has the id ${refused.sourceId}. There is ${catalogue.map(({ id }) => id).join(', ')}.`,
        );
      case 'not_had':
        return new ProblemError(
          'not_collectable',
          `${refused.sourceId} has no symbols such as ${symbol}. Where it calls it something else, say so: {"sources": [{"id": "${refused.sourceId}", "symbol": "…"}]}.`,
        );
      case 'name_taken':
        return new ProblemError(
          'not_collectable',
          `What ${refused.sourceId} calls so is on the watch list under another symbol.`,
        );
      case 'nobody':
        return new ProblemError(
          'not_collectable',
          `No source can be asked for ${symbol}${call.visible.hidden.length > 0 ? ' with this key' : ''}: it has no such symbols, lacks its credentials, or its quota has no room.`,
        );
    }
  }
}
