import { Command, Option } from 'commander';
import type * as z from 'zod';
import { backfillForecastSchema, backfillSchema } from '../core/contracts/http/backfills.ts';
import {
  shellSymbol,
  type WatchAddedView,
  type WatchedSourceView,
  type WatchedView,
  watchAddedSchema,
  watchedSchema,
  watchRemovedSchema,
} from '../core/contracts/http/watch.ts';
import { whyInWords } from '../core/contracts/words/causes.ts';
import type { WatchHold, WatchState } from '../core/contracts/words/watch-states.ts';
import { type Common, type Context, carryOut, newCommand } from './command.ts';
import { dateOption, limitOption, numberOption } from './options.ts';
import { count, distance, due, instant, safe, table, tinted } from './output.ts';
import { CommandError, type ExitCode, exitCodes, usageError } from './problems.ts';

interface AddOptions extends Common {
  readonly source?: readonly string[];
  readonly wait: boolean;
  readonly timeout: number;
  readonly history: string | boolean;
}

/** Five years of daily bars, today included: one request of most sources. */
const usualHistoryDays = 1_824;
const dayMs = 86_400_000;
const pauseMs = 700;

/** `quotron watch`: the symbols that are collected. */
export function watchListCommand(): Command {
  return new Command('watch')
    .description('The symbols that are collected: add, remove and list them')
    .addCommand(add())
    .addCommand(remove())
    .addCommand(list());
}

function add(): Command {
  return newCommand('add', 'Collect symbols from now on, and load their daily bars of the past', [
    'watch add SHOP',
    "watch add SHOP VOD.L BTC-USD '^GSPC'",
    'watch add PEPE-USD --source coingecko=pepe',
    'watch add SHOP --history 2000-01-01',
  ])
    .argument('<symbols...>', "canonical symbols, as Yahoo writes them: AAPL, VOD.L, BTC-USD, '^GSPC'")
    .option('--source <source...>', 'only of these sources; `id=name` gives the name that the source has for it')
    .option('--no-wait', 'do not wait for the first price; loads no bars')
    .addOption(
      new Option('--history <date>', 'load daily bars from this day on (default: of five years)').argParser(dateOption),
    )
    .option('--no-history', 'load no bars of the past')
    .addOption(new Option('--timeout <seconds>', 'how long to wait').argParser(numberOption(86_400)).default(120))
    .action((symbols: string[], options: AddOptions) =>
      carryOut(options, async (context) => {
        const body = options.source === undefined ? undefined : { sources: options.source.map(sourceOf) };
        if (body?.sources.some(({ symbol }) => symbol !== undefined) && symbols.length > 1)
          throw usageError('A name at a source is of one symbol: add it by itself.');
        const { added, refused } = await addAll([...new Set(symbols)], body, context);
        const views = options.wait ? await settle(added, options.timeout * 1000, context) : added;
        if (!context.out.json && views.length > 0) context.out.result(views, () => shown(views));
        for (const line of costOf(added)) context.out.progress(line);
        for (const line of unknownAmong(views)) context.out.progress(line);
        const backfills = options.wait && options.history !== false ? await loadHistory(views, options, context) : [];
        if (context.out.json) context.out.result({ symbols: views, refused, backfills }, () => '');
        const [first] = refused;
        if (first) return first.exitCode;
        return !options.wait || views.every(({ state }) => state === 'collected') ? exitCodes.ok : exitCodes.failed;
      }),
    );
}

function remove(): Command {
  return newCommand('remove', 'Collect symbols no more; what is stored of them stays', ['watch remove SHOP'])
    .argument('<symbols...>', 'symbols of the list')
    .action((symbols: string[], options: Common) =>
      carryOut(options, async ({ api, out }) => {
        const removed: z.output<typeof watchRemovedSchema>[] = [];
        for (const symbol of new Set(symbols))
          removed.push(await api.request('DELETE', pathOf(symbol), watchRemovedSchema));
        out.result(removed, () =>
          removed
            .map(({ symbol, removed: was }) =>
              was
                ? `${safe(symbol)} is collected no more. What is stored of it stays.`
                : `${safe(symbol)} was not on the list.`,
            )
            .join('\n'),
        );
        return exitCodes.ok;
      }),
    );
}

function list(): Command {
  return newCommand('list', 'The symbols that are collected, with their sources', ['watch list', 'watch list --json'])
    .addOption(limitOption(1_000, 100_000))
    .action((options: Common & { limit: number }) =>
      carryOut(options, async ({ api, out }) => {
        const found = await api.list('/watch', {}, watchedSchema, options.limit);
        out.result(found, () => (found.length === 0 ? 'Nothing is collected: quotron watch add AAPL' : shown(found)));
        return exitCodes.ok;
      }),
    );
}

/** `coingecko`, or `coingecko=pepe`. */
function sourceOf(text: string): { id: string; symbol?: string } {
  const at = text.indexOf('=');
  return at < 0 ? { id: text } : { id: text.slice(0, at), symbol: text.slice(at + 1) };
}

function pathOf(symbol: string): string {
  return `/watch/${encodeURIComponent(symbol)}`;
}

interface Refused {
  readonly symbol: string;
  readonly code: string | null;
  readonly message: string;
  readonly exitCode: ExitCode;
}

/** Adds one symbol after the other. One that is refused does not stop the others. */
async function addAll(symbols: readonly string[], body: unknown, { api, out }: Context) {
  const added: WatchAddedView[] = [];
  const refused: Refused[] = [];
  for (const symbol of symbols)
    try {
      added.push(await api.request('PUT', pathOf(symbol), watchAddedSchema, body));
    } catch (error) {
      if (!(error instanceof CommandError) || symbols.length === 1) throw error;
      refused.push({ symbol, code: error.code, message: error.message, exitCode: error.exitCode });
      out.progress(`${safe(symbol)}: ${error.message}`);
    }
  return { added, refused };
}

/** Waits until each source has answered, or will not for now. What takes longer is shown as it is. */
async function settle(added: readonly WatchAddedView[], timeoutMs: number, { api, out }: Context) {
  const until = Date.now() + timeoutMs;
  const views: WatchedView[] = [];
  for (const { symbol, state, sources } of added) {
    let view: WatchedView = { symbol, state, sources };
    let last = '';
    while (view.sources.some(waits) && Date.now() < until) {
      const line = `${safe(symbol)}: ${view.sources.map(inWords).join(', ')}`;
      if (line !== last) out.progress(line);
      last = line;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      view = await api.request('GET', pathOf(symbol), watchedSchema);
    }
    views.push(view);
  }
  return views;
}

function waits({ state }: WatchedSourceView): boolean {
  return state === 'waiting';
}

/** Loads daily bars of the past from the sources that have them by date, after saying what it costs. */
async function loadHistory(views: readonly WatchedView[], { history }: AddOptions, { api, out }: Context) {
  const from =
    typeof history === 'string' ? history : new Date(Date.now() - usualHistoryDays * dayMs).toISOString().slice(0, 10);
  const of = new Map<string, string[]>();
  for (const { symbol, sources } of views)
    for (const { sourceId, state } of sources)
      if (state === 'collected') of.set(sourceId, [...(of.get(sourceId) ?? []), symbol]);
  const backfills = [];
  for (const [sourceId, symbols] of of) {
    const body = { sourceId, symbols, from, interval: '1d' };
    try {
      const cost = await api.request('POST', '/backfills', backfillForecastSchema, { ...body, dryRun: true });
      const made = await api.request('POST', '/backfills', backfillSchema, body);
      backfills.push(made);
      const share = `${(cost.shareOfDay * 100).toFixed(cost.shareOfDay < 0.01 ? 2 : 0)} % of a day's quota`;
      out.progress(
        `Daily bars since ${from} are loaded from ${sourceId}: ${count(cost.calls, 'request')}, ${share}, done ${distance(cost.doneAt)} (quotron backfill status ${made.id}).`,
      );
    } catch (error) {
      // Most sources have no bars by date.
      if (!(error instanceof CommandError) || error.code !== 'not_backfillable') throw error;
    }
  }
  return backfills;
}

/** What becomes of symbols that no source has, and how to take them off. */
function unknownAmong(views: readonly WatchedView[]): string[] {
  const unknown = views.filter(({ state }) => state === 'unknown').map(({ symbol }) => shellSymbol(safe(symbol)));
  if (unknown.length === 0) return [];
  return [
    'What is unknown stays on the list, and is collected once a source knows it. To take it off:',
    `  quotron watch remove ${unknown.join(' ')}`,
  ];
}

/** What the added symbols cost in freshness. */
function costOf(added: readonly WatchAddedView[]): string[] {
  const last = added.at(-1);
  if (!last) return [];
  const first = new Map<string, number>();
  for (const { sourceId, job, before } of added.flatMap(({ freshness }) => freshness)) {
    const key = `${sourceId} ${job}`;
    if (!first.has(key)) first.set(key, before);
  }
  const changed = last.freshness.flatMap(({ sourceId, job, kind, after }) => {
    const before = first.get(`${sourceId} ${job}`) ?? after;
    const what = kind === 'bars' ? 'Bars' : 'Prices';
    if (before === after)
      return kind === 'bars' ? [] : [`${what} of ${sourceId} are fetched each ${after} s, as before.`];
    return [
      `${what} of ${sourceId} are fetched each ${after} s from now on, in place of ${before} s: more symbols share its quota.`,
    ];
  });
  const full = [...new Set(added.flatMap(({ withoutRoom }) => withoutRoom))].map((sourceId) => {
    const symbols = added.filter(({ withoutRoom }) => withoutRoom.includes(sourceId)).map(({ symbol }) => safe(symbol));
    return `${sourceId} is not asked for ${symbols.join(', ')}: its quota has no room for another symbol.`;
  });
  return [...changed, ...full, `The list has ${last.list.count} of at most ${count(last.list.limit, 'symbol')}.`];
}

function shown(views: readonly WatchedView[]): string {
  return table(
    ['symbol', 'source', 'state', 'fetched'],
    views.flatMap(({ symbol, sources }) =>
      sources.map((source, at) => [
        at === 0 ? safe(symbol) : '',
        source.symbol === symbol ? source.sourceId : `${source.sourceId} (${safe(source.symbol)})`,
        tinted(tones[source.state], inWords(source)),
        source.everySeconds === null
          ? source.nextRunAt === null
            ? '–'
            : due(source.nextRunAt)
          : `each ${source.everySeconds} s`,
      ]),
    ),
  );
}

const tones: Readonly<Record<WatchState, 'good' | 'bad' | 'fair' | 'dim'>> = {
  collected: 'good',
  waiting: 'dim',
  unknown: 'bad',
  on_hold: 'fair',
  failed: 'bad',
};

const holds: Readonly<Record<WatchHold, string>> = {
  paused: 'it is stopped',
  credentials_missing: 'it lacks its credentials',
  login_on_hold: 'its login waits for a person',
  breaker_open: 'it has failed again and again',
  asked_to_wait: 'it asked for a pause',
  day_used: "the day's quota is used up",
};

/** How it stands at a source: `collected`, `unknown to yahoo`, `source on hold until …`. */
function inWords({ sourceId, state, hold, until, reason }: WatchedSourceView): string {
  switch (state) {
    case 'collected':
      return 'collected';
    case 'waiting':
      return until === null ? `asking ${sourceId}` : `waiting for the quota of ${sourceId} (${distance(until)})`;
    case 'unknown':
      return `unknown to ${sourceId}`;
    case 'on_hold': {
      const why = hold === null ? '' : ` (${holds[hold]})`;
      return until === null ? `source on hold${why}` : `source on hold until ${instant(until)}${why}`;
    }
    case 'failed':
      return `failed: ${whyInWords({ cause: null, reason }) ?? 'unexplained'}; the next round tries again`;
  }
}
