import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { type ExportView, exportIntervals, exportSchema, failuresInWords } from '../core/contracts/http/exports.ts';
import { type Common, type Context, carryOut, currentFolder, newCommand } from './command.ts';
import { downloadExport } from './export-files.ts';
import { dateOption, limitOption } from './options.ts';
import { count, fields, instant, safe, status, table } from './output.ts';
import { CommandError, type ExitCode, exitCodes } from './problems.ts';
import { waitFor } from './wait.ts';

interface CreateOptions extends Common {
  readonly exchange?: string;
  readonly all?: boolean;
  readonly from: string;
  readonly to?: string;
  readonly interval: readonly string[];
  readonly output?: string;
  readonly wait: boolean;
}

/** `quotron export`: prices of the past as Parquet files. */
export function exportCommand(): Command {
  return new Command('export')
    .description('Prices of the past as Parquet files: create, download, list, inspect and cancel exports')
    .addCommand(create())
    .addCommand(download())
    .addCommand(list())
    .addCommand(one())
    .addCommand(cancel());
}

function create(): Command {
  return newCommand('create', 'Write Parquet files of some symbols, an exchange or all, and download them', [
    'export create AAPL VOD.L --from 2026-01-01',
    'export create --exchange XNAS --from 2020-01-01 --interval 1d --output bars',
    'export create --all --from 2026-11-01 --interval tick --no-wait',
  ])
    .argument('[symbols...]', 'which symbols')
    .option('--exchange <mic>', 'all of an exchange')
    .option('--all', 'all that is stored')
    .addOption(new Option('--from <date>', 'the first day').argParser(dateOption).makeOptionMandatory())
    .addOption(new Option('--to <date>', 'the last day (default: today)').argParser(dateOption))
    .addOption(
      new Option('--interval <intervals...>', 'quotes as they came (tick), or bars')
        .choices(exportIntervals)
        .default(['tick', '1d']),
    )
    .option('--output <folder>', 'folder for the files (default: quotron-export-<id> here)')
    .option('--no-wait', 'only begin')
    .action((symbols: string[], options: CreateOptions) =>
      carryOut(options, async (context) => {
        const { exchange, all = false, from, to, interval } = options;
        if ([symbols.length > 0, exchange !== undefined, all].filter(Boolean).length !== 1)
          throw new CommandError('Name symbols, or --exchange, or --all: one of them.', exitCodes.usage);
        const made = await context.api.request('POST', '/exports', exportSchema, {
          ...(symbols.length > 0 && { symbols }),
          ...(exchange !== undefined && { exchange }),
          ...{ intervals: interval, from, ...(to !== undefined && { to }) },
        });
        if (!options.wait) return report(made, null, context);
        return fetchFiles(made.id, options.output, context);
      }),
    );
}

function download(): Command {
  return newCommand('download', 'Download the files of an export; waits until it is done')
    .argument('<id>', 'the export, as `export list` names it')
    .option('--output <folder>', 'folder for the files (default: quotron-export-<id> here)')
    .action((id: string, options: Common & { output?: string }) =>
      carryOut(options, (context) => fetchFiles(id, options.output, context)),
    );
}

function list(): Command {
  return newCommand('list', 'Exports, the newest first')
    .addOption(limitOption(20))
    .action((options: Common & { limit: number }) =>
      carryOut(options, async ({ api, out }) => {
        const rows = await api.list('/exports', {}, exportSchema, options.limit);
        out.result(rows, () =>
          rows.length === 0
            ? 'There is no export.'
            : table(
                ['id', 'status', 'of', 'intervals', 'from', 'to', 'rows', 'files'],
                rows.map((row) => [
                  ...[row.id, status(row.status), whatOf(row), row.intervals.join(' '), row.from, row.to],
                  ...[String(row.rows), String(row.files)],
                ]),
                40,
              ),
        );
        return exitCodes.ok;
      }),
    );
}

function one(): Command {
  return newCommand('status', 'Progress of an export; exits with 1 when it failed')
    .argument('<id>', 'the export, as `export list` names it')
    .action((id: string, options: Common) =>
      carryOut(options, async (context) => report(await lookAt(id, context), null, context)),
    );
}

function cancel(): Command {
  return newCommand('cancel', 'Cancel an export, or withdraw one that is done: its links are given no more')
    .argument('<id>', 'the export, as `export list` names it')
    .action((id: string, options: Common) =>
      carryOut(options, async ({ api, out }) => {
        const cancelled = await api.request('DELETE', `/exports/${encodeURIComponent(id)}`, exportSchema);
        out.result(cancelled, () => inWords(cancelled, null));
        return exitCodes.ok;
      }),
    );
}

function lookAt(id: string, { api }: Context): Promise<ExportView> {
  return api.request('GET', `/exports/${encodeURIComponent(id)}`, exportSchema);
}

/** Waits until an export is done, and downloads it. */
async function fetchFiles(id: string, output: string | undefined, context: Context): Promise<ExitCode> {
  const done = await waitFor(
    {
      what: `Export ${id}`,
      timeoutMs: 24 * 3600_000,
      look: () => lookAt(id, context),
      done: ({ status: word }) => word !== 'waiting' && word !== 'running',
      says: (found) =>
        found === null || found.parts.total === null
          ? 'starting'
          : `${found.parts.done} of ${count(found.parts.total, 'part')}, ${count(found.rows, 'row')}`,
    },
    context,
  );
  if (done.status !== 'succeeded') return report(done, null, context);
  const folder = resolve(currentFolder(), output ?? `quotron-export-${done.id.slice(0, 8)}`);
  await downloadExport(done.id, folder, context);
  return report(done, folder, context);
}

function report(view: ExportView, folder: string | null, { out }: Context): ExitCode {
  out.result({ ...view, folder }, () => inWords(view, folder));
  return view.status === 'failed' || view.status === 'expired' ? exitCodes.failed : exitCodes.ok;
}

function whatOf({ symbols, exchange }: ExportView): string {
  return safe(symbols?.join(' ') ?? exchange ?? 'all');
}

function inWords(view: ExportView, folder: string | null): string {
  const { id, status: word, failure, intervals, from, to, parts, rows, bytes, files, leftOut, expiresAt } = view;
  return fields({
    export: id,
    status: status(word),
    because: failure && failuresInWords[failure],
    of: whatOf(view),
    intervals: intervals.join(' '),
    days: `${from} to ${to}`,
    parts: parts.total === null ? null : `${parts.done} of ${parts.total}`,
    rows: `${rows} in ${count(files, 'file')}, ${(bytes / 1e6).toFixed(1)} MB`,
    'left out': leftOut.length === 0 ? null : `${safe(leftOut.join(' '))}: not for a key of this use`,
    until: expiresAt === null ? null : instant(expiresAt),
    folder,
  });
}
