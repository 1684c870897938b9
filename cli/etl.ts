import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { Command, Option } from 'commander';
import * as z from 'zod';
import {
  type ImportedRowView,
  type ImportStatus,
  type ImportView,
  importedRowSchema,
  importSchema,
} from '../core/contracts/http/imports.ts';
import {
  type ImportFormat,
  importLimits,
  importMedia,
  importRowSchemas,
  type PartContent,
} from '../core/contracts/imports.ts';
import { type ImportKind, importKinds } from '../core/contracts/words/imports.ts';
import { licenceClasses } from '../core/contracts/words/licence.ts';
import type { Api } from './api.ts';
import { type Common, type Context, carryOut, currentFolder, newCommand } from './command.ts';
import { partsOf, unpacked, wholeText } from './etl-parts.ts';
import { uploadPart } from './etl-upload.ts';
import { instantOption, numberOption } from './options.ts';
import { count, distance, fields, safe, status, table } from './output.ts';
import { CommandError, exitCodes, usageError } from './problems.ts';
import { waitFor } from './wait.ts';

interface ProcessOptions extends Common {
  readonly licence: string;
  readonly kind?: ImportKind;
  readonly format?: ImportFormat;
  readonly source?: string;
  readonly url: string;
  readonly symbols?: string;
  readonly fetchedAt?: string;
  readonly label?: string;
  readonly timeout: number;
}

/** Parts that are on their way at once: one is packed while others are sent. */
const atOnce = 3;
/** One that is under way has not failed, either. */
const notFailed: ReadonlySet<ImportStatus> = new Set(['open', 'queued', 'done']);
/** Held rows that are shown. */
const shownRows = 1_000;

/** `quotron etl`: brings quotes and bars of one's own. */
export function etlCommand() {
  // Without --json of its own, which would take that of the commands below.
  const etl = new Command('etl')
    .description('Bring quotes or bars of your own: NDJSON, CSV, or the raw answer of a source')
    .option('--schema', 'print the JSON schemas of the rows')
    .addHelpText(
      'after',
      `
Examples:
  $ quotron etl --schema
  $ quotron etl process bars.csv --licence internal
  $ zcat ticks.ndjson.gz | quotron etl process - --licence redistribute`,
    );
  return etl
    .action((options: { schema?: boolean }) => {
      if (options.schema !== true) etl.help({ error: true });
      const schemas = Object.fromEntries(
        Object.entries(importRowSchemas).map(([kind, schema]) => [kind, z.toJSONSchema(schema)]),
      );
      process.stdout.write(`${JSON.stringify(schemas, null, 2)}\n`);
      process.exitCode = exitCodes.ok;
    })
    .addCommand(processCommand())
    .addCommand(statusCommand())
    .addCommand(listCommand());
}

function processCommand() {
  return newCommand('process', 'Import a file; exits with 1 when a row was held back', [
    'etl process bars.csv --licence internal',
    'etl process - --kind quotes --licence unknown < ticks.ndjson',
    'etl process chart.json --source yahoo --kind bars --licence internal',
  ])
    .argument('<file>', 'a file, packed with gzip or not; - reads standard input')
    .addOption(
      new Option('--licence <class>', 'what the terms of the rows’ owner allow')
        .choices(licenceClasses)
        .makeOptionMandatory(),
    )
    .addOption(new Option('--kind <kind>', 'quotes or bars (default: what the first line says)').choices(importKinds))
    .addOption(
      new Option('--format <format>', 'of the rows (default: what the first line says)').choices(
        Object.keys(importMedia),
      ),
    )
    .option('--source <source>', 'the file is a raw answer of this source')
    .addOption(
      new Option('--url <url>', 'of a raw answer: what was asked, where the answer does not repeat it').default(
        'import:',
      ),
    )
    .option('--symbols <symbols>', 'of a raw answer: the symbols that were asked for, separated by commas')
    .addOption(new Option('--fetched-at <time>', 'when the rows were fetched (default: now)').argParser(instantOption))
    .option('--label <text>', 'for people: where the rows are from (default: the name of the file)')
    .addOption(
      new Option('--timeout <seconds>', 'how long to wait until all is read')
        .argParser(numberOption(86_400))
        .default(3_600),
    )
    .action((file: string, options: ProcessOptions) =>
      carryOut(options, async (context) => {
        if (options.source !== undefined && options.kind === undefined)
          throw usageError('With --source, say with --kind whether the answer has quotes or bars.');
        if (options.source !== undefined && options.format !== undefined)
          throw usageError('--format is for rows; the answer of a source has its own.');
        const stopping = new AbortController();
        const stop = () => stopping.abort();
        for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop);
        try {
          return await importFile(file, options, context, stopping.signal);
        } finally {
          for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, stop);
        }
      }),
    );
}

async function importFile(file: string, options: ProcessOptions, context: Context, signal: AbortSignal) {
  const { api, out } = context;
  const fetchedAt = options.fetchedAt ?? new Date().toISOString();
  const bytes = unpacked(await opened(file));
  const parts = options.source === undefined ? partsOf(bytes, options) : answerPart(bytes, options);
  let made: ImportView | null = null;
  const running = new Set<Promise<unknown>>();
  const progress = reporter(out);
  let sent = 0;
  let announced = 0;
  try {
    for await (const { content, kind } of parts) {
      signal.throwIfAborted();
      made ??= await open(api, kind, file, options);
      if (announced === importLimits.parts)
        throw new CommandError(`The file has more than ${importLimits.parts} parts. Cut it into several files.`);
      const upload = uploadPart(api, made, announced++, content, fetchedAt, signal).then((size) => {
        sent += size;
        progress(`${count(announced, 'part')}, ${megabytes(sent)} sent`);
        running.delete(upload);
      });
      running.add(upload);
      if (running.size >= atOnce) await Promise.race(running);
    }
    await Promise.all(running);
    signal.throwIfAborted();
  } catch (error) {
    await Promise.allSettled(running);
    if (!signal.aborted) throw error;
    throw new CommandError('Stopped. The import was not finished: nothing of it is stored, and it ends by itself.');
  }
  if (made === null) throw new CommandError('The file has no rows.');
  const { id } = made;
  await api.request('POST', `/imports/${id}/finish`, importSchema, { parts: announced });
  const done = await waitFor(
    {
      what: `Import ${id}`,
      timeoutMs: options.timeout * 1000,
      async look() {
        if (signal.aborted) throw new CommandError(`It continues without this command: quotron etl status ${id}`);
        return api.request('GET', `/imports/${id}`, importSchema);
      },
      done: (found) => found.status !== 'queued',
      says: (found) =>
        found === null
          ? 'waits'
          : `${found.partsRead + found.partsFailed} of ${count(found.parts, 'part')} read, ${found.accepted} rows good`,
    },
    context,
  );
  return report(done, context);
}

/** Opens a file before anything is asked of the API, so that a wrong name costs nothing. */
async function opened(file: string): Promise<AsyncIterable<Uint8Array>> {
  if (file === '-') {
    if (process.stdin.isTTY) throw usageError('Standard input is a terminal: pipe the rows in, or name a file.');
    return process.stdin;
  }
  const path = resolve(currentFolder(), file);
  const found = await stat(path).catch(() => null);
  if (found === null) throw usageError(`There is no file ${safe(file)}.`);
  if (found.isDirectory()) throw usageError(`${safe(file)} is a folder.`);
  return createReadStream(path, { highWaterMark: 1024 * 1024 });
}

async function* answerPart(bytes: AsyncIterable<Uint8Array>, options: ProcessOptions) {
  const text = await wholeText(bytes);
  const content: PartContent = {
    format: 'answer',
    text,
    contentType: text.trimStart().startsWith('<') ? 'text/html' : 'application/json',
    url: options.url,
    symbols: options.symbols?.split(',').map((symbol) => symbol.trim()) ?? [],
  };
  yield { content, kind: options.kind ?? 'quotes' };
}

function open(api: Api, kind: ImportKind, file: string, { licence, source, label }: ProcessOptions) {
  const named = plain(label ?? (file === '-' ? '' : basename(file)));
  return api.request('POST', '/imports', importSchema, {
    kind,
    licence,
    ...(source === undefined ? {} : { source }),
    ...(named === '' ? {} : { label: named }),
  });
}

/** A label as the API takes one. */
function plain(text: string): string {
  return text.replaceAll(/[^ -~\u00a0-\u2027\u202f-\ud7ff\ue000-\uffff]/g, '').slice(0, 200);
}

/** Says how far it is, at most every two seconds. */
function reporter(out: Context['out']) {
  let last = Date.now();
  return (line: string) => {
    if (Date.now() - last < 2_000) return;
    last = Date.now();
    out.progress(line);
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

async function report(done: ImportView, { api, out }: Context) {
  const rows =
    done.rejected === 0 ? [] : await api.list(`/imports/${done.id}/rows`, {}, importedRowSchema, shownRows, shownRows);
  out.result({ import: done, rows, moreRows: Math.max(0, done.rejected - rows.length) }, () =>
    [...(rows.length > 0 ? [held(rows)] : []), summary(done)].join('\n\n'),
  );
  if (done.rejected > rows.length) out.progress(`${done.rejected - rows.length} more are not shown.`);
  if (done.partsFailed > 0) out.progress(`What is wrong with parts: quotron runs ${done.id}`);
  return notFailed.has(done.status) ? exitCodes.ok : exitCodes.failed;
}

function held(rows: readonly ImportedRowView[]): string {
  return table(
    ['line', 'symbol', 'reason', 'what is wrong'],
    rows.map((row) => [
      row.line === null ? safe(row.path) : String(row.line),
      safe(row.symbol ?? ''),
      row.reason,
      safe(row.detail),
    ]),
    100,
    ['line'],
  );
}

function summary(done: ImportView): string {
  return fields({
    import: done.id,
    status: status(done.status),
    'stored as': safe(done.sourceId),
    from: done.label === null ? null : safe(done.label),
    rows: `${done.accepted} good, ${done.written} of them new or changed; ${done.rejected} held back`,
    parts: `${done.partsRead} read, ${done.partsFailed} failed, of ${done.parts}`,
  });
}

function statusCommand() {
  return newCommand('status', 'How far an import is, and which rows are held back')
    .argument('<id>', 'the import')
    .action((id: string, options: Common) =>
      carryOut(options, async (context) =>
        report(await context.api.request('GET', `/imports/${encodeURIComponent(id)}`, importSchema), context),
      ),
    );
}

function listCommand() {
  return newCommand('list', 'Imports, the newest first')
    .addOption(new Option('--limit <imports>', 'how many').argParser(numberOption(10_000)).default(50))
    .action((options: Common & { limit: number }) =>
      carryOut(options, async ({ api, out }) => {
        const found = await api.list('/imports', {}, importSchema, options.limit);
        out.result(found, () =>
          found.length === 0
            ? 'Nothing was imported.'
            : table(
                ['id', 'kind', 'stored as', 'status', 'opened', 'good', 'held back', 'from'],
                found.map((each) => [
                  each.id,
                  each.kind,
                  safe(each.sourceId),
                  status(each.status),
                  distance(each.createdAt),
                  String(each.accepted),
                  String(each.rejected),
                  safe(each.label ?? ''),
                ]),
                40,
                ['good', 'held back'],
              ),
        );
        return exitCodes.ok;
      }),
    );
}
