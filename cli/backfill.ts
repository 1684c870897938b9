import { Command, Option } from 'commander';
import {
  type BackfillForecastView,
  type BackfillView,
  backfillForecastSchema,
  backfillSchema,
} from '../core/contracts/http/backfills.ts';
import { barIntervals } from '../core/market/bar.ts';
import { type Common, type Context, carryOut, newCommand } from './command.ts';
import { dateOption, limitOption } from './options.ts';
import { distance, fields, instant, safe, status, table } from './output.ts';
import { type ExitCode, exitCodes } from './problems.ts';
import { waitFor } from './wait.ts';

interface CreateOptions extends Common {
  readonly from: string;
  readonly to?: string;
  readonly interval: string;
  readonly wait?: boolean;
  readonly dryRun?: boolean;
}

/** `quotron backfill`: loads bars of the past. */
export function backfillCommand(): Command {
  return new Command('backfill')
    .description('Load bars of the past: create, list, inspect and cancel backfills')
    .addCommand(create())
    .addCommand(list())
    .addCommand(one())
    .addCommand(cancel());
}

function create(): Command {
  return newCommand('create', 'Load bars of some symbols for a range of dates', [
    'backfill create yahoo AAPL VOD.L --from 2020-01-01',
    'backfill create yahoo AAPL VOD.L --from 2000-01-01 --dry-run',
    'backfill create yahoo AAPL --from 2026-01-01 --to 2026-06-30 --interval 1h --wait',
  ])
    .argument('<source>', 'which source')
    .argument('<symbols...>', 'which symbols')
    .addOption(new Option('--from <date>', 'the first day').argParser(dateOption).makeOptionMandatory())
    .addOption(new Option('--to <date>', 'the last day (default: today)').argParser(dateOption))
    .addOption(new Option('--interval <interval>', 'length of a bar').choices(barIntervals).default('1d'))
    .option('--wait', 'wait until it ends; exit with 1 when a part failed')
    .option('--dry-run', 'only say how many calls it takes, how much of the quota, and until when')
    .action((sourceId: string, symbols: string[], options: CreateOptions) =>
      carryOut(options, async (context) => {
        const { from, to, interval } = options;
        const body = { sourceId, symbols, from, interval, ...(to === undefined ? {} : { to }) };
        if (options.dryRun) {
          const request = { ...body, dryRun: true };
          const forecast = await context.api.request('POST', '/backfills', backfillForecastSchema, request);
          context.out.result(forecast, () => forecastInWords(forecast));
          return exitCodes.ok;
        }
        const made = await context.api.request('POST', '/backfills', backfillSchema, body);
        return report(options.wait ? await waitForBackfill(made.id, context) : made, context);
      }),
    );
}

function list(): Command {
  return newCommand('list', 'Backfills, the newest first')
    .addOption(limitOption(20, 1_000))
    .action((options: Common & { limit: number }) =>
      carryOut(options, async ({ api, out }) => {
        const rows = await api.list('/backfills', {}, backfillSchema, options.limit);
        out.result(rows, () =>
          rows.length === 0
            ? 'There is no backfill.'
            : table(
                ['id', 'source', 'status', 'done', 'from', 'to', 'interval', 'symbols'],
                rows.map((row) => [
                  row.id,
                  row.sourceId,
                  status(row.status),
                  `${row.chunks.done} of ${row.chunks.total}`,
                  row.from,
                  row.to,
                  row.interval,
                  safe(row.symbols.join(' ')),
                ]),
                40,
              ),
        );
        return exitCodes.ok;
      }),
    );
}

function one(): Command {
  return newCommand('status', 'Progress of a backfill; exits with 1 when a part failed', [
    'backfill status <id> --wait',
  ])
    .argument('<id>', 'the backfill, as `backfill list` names it')
    .option('--wait', 'wait until it ends')
    .action((id: string, options: Common & { wait?: boolean }) =>
      carryOut(options, async (context) =>
        report(
          options.wait
            ? await waitForBackfill(id, context)
            : await context.api.request('GET', `/backfills/${encodeURIComponent(id)}`, backfillSchema),
          context,
        ),
      ),
    );
}

function cancel(): Command {
  return newCommand('cancel', 'Cancel the rest of a backfill; bars already stored are kept')
    .argument('<id>', 'the backfill, as `backfill list` names it')
    .action((id: string, options: Common) =>
      carryOut(options, async ({ api, out }) => {
        const cancelled = await api.request('DELETE', `/backfills/${encodeURIComponent(id)}`, backfillSchema);
        out.result(cancelled, () => inWords(cancelled));
        return exitCodes.ok;
      }),
    );
}

function waitForBackfill(id: string, context: Context): Promise<BackfillView> {
  return waitFor(
    {
      what: `Backfill ${id}`,
      timeoutMs: 24 * 3600_000,
      look: () => context.api.request('GET', `/backfills/${encodeURIComponent(id)}`, backfillSchema),
      done: ({ finishedAt }) => finishedAt !== null,
      says: (found) =>
        found === null
          ? 'starting'
          : `${found.chunks.done} of ${found.chunks.total} parts, done ${distance(found.etaAt)}`,
    },
    context,
  );
}

function report(backfill: BackfillView, { out }: Context): ExitCode {
  out.result(backfill, () => inWords(backfill));
  return backfill.status === 'failed' || backfill.status === 'partial' ? exitCodes.failed : exitCodes.ok;
}

function forecastInWords(forecast: BackfillForecastView): string {
  const { sourceId, from, to, interval, symbols, calls, shareOfDay, days, doneAt } = forecast;
  return fields({
    source: sourceId,
    bars: `${interval} from ${from} to ${to} of ${safe(symbols.join(' '))}`,
    calls: `${calls}, ${(shareOfDay * 100).toFixed(1)} % of the quota of a day`,
    days: String(days),
    'done by': `${instant(doneAt)} (${distance(doneAt)})`,
  });
}

function inWords({
  id,
  sourceId,
  status: word,
  from,
  to,
  interval,
  symbols,
  chunks,
  rows,
  etaAt,
}: BackfillView): string {
  return fields({
    backfill: id,
    source: sourceId,
    status: status(word),
    bars: `${interval} from ${from} to ${to} of ${safe(symbols.join(' '))}`,
    parts: `${chunks.done} of ${chunks.total} done, ${chunks.failed} failed, ${chunks.running} running, ${chunks.waiting} waiting, ${chunks.cancelled} cancelled`,
    'bars so far': String(rows),
    'done by': etaAt === null ? null : `${instant(etaAt)} (${distance(etaAt)})`,
  });
}
