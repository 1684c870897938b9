import { Command, Option } from 'commander';
import { type QuarantineView, quarantineSchema } from '../core/contracts/http/operations.ts';
import { discardedSchema, replayAcceptedSchema, replaySchema } from '../core/contracts/http/replays.ts';
import { quarantineReasons } from '../core/contracts/words/quarantine-reasons.ts';
import { type Common, carryOut, newCommand } from './command.ts';
import { limitOption } from './options.ts';
import { count, fields, instant, safe, table } from './output.ts';
import { type ExitCode, exitCodes, usageError } from './problems.ts';
import { waitFor } from './wait.ts';

interface Which extends Common {
  readonly source?: string;
  readonly reason?: string;
}

interface ListOptions extends Which {
  readonly discarded?: boolean;
  readonly limit: number;
}

interface ReplayOptions extends Which {
  readonly believe?: boolean;
  readonly wait?: boolean;
}

const ofSource = () => new Option('--source <source>', 'rows of one source');
const ofReason = () => new Option('--reason <reason>', 'rows of one reason').choices(quarantineReasons);

/** `quotron quarantine`: rows that failed a check. */
export function quarantineCommand(): Command {
  return new Command('quarantine')
    .description('Rows that failed a check: list them, show one, replay or discard them')
    .addCommand(list())
    .addCommand(show())
    .addCommand(replay())
    .addCommand(discard());
}

function list(): Command {
  return newCommand('list', 'Rows in quarantine, newest first', [
    'quarantine list --source yahoo --reason unit_suspect',
  ])
    .addOption(ofSource())
    .addOption(ofReason())
    .addOption(limitOption(50))
    .option('--discarded', 'those that were discarded')
    .action((options: ListOptions) =>
      carryOut(options, async ({ api, out }) => {
        const { source: sourceId, reason, discarded } = options;
        const state = discarded ? 'discarded' : undefined;
        const rows = await api.list('/quarantine', { state, sourceId, reason }, quarantineSchema, options.limit);
        out.result(rows, () =>
          rows.length === 0
            ? discarded
              ? 'No such row was discarded.'
              : 'No such row is in quarantine.'
            : table(
                ['id', 'first seen', 'source', 'reason', 'symbol', discarded ? 'discarded because' : 'finding'],
                rows.map((row) => [
                  row.id,
                  instant(row.firstSeenAt),
                  row.sourceId,
                  row.reason,
                  safe(row.symbol ?? '–'),
                  safe(row.discarded?.because ?? row.detail),
                ]),
                80,
              ),
        );
        return exitCodes.ok;
      }),
    );
}

function show(): Command {
  return newCommand('show', 'One row as it was read, with its origin', ['quarantine show 1234'])
    .argument('<id>', 'the row, as `quarantine list` names it')
    .action((id: string, options: Common) =>
      carryOut(options, async ({ api, out }) => {
        if (!/^\d{1,18}$/.test(id))
          throw usageError('The id of a row is a number: `quotron quarantine list` shows it.');
        const row = await api.request('GET', `/quarantine/${id}`, quarantineSchema);
        out.result(row, () =>
          [
            fields({
              'first seen': instant(row.firstSeenAt),
              'held back': instant(row.at),
              left: row.resolvedAt === null ? null : instant(row.resolvedAt),
              'discarded because': row.discarded === null ? null : safe(row.discarded.because),
              source: row.sourceId,
              reason: row.reason,
              symbol: safe(row.symbol ?? '–'),
              finding: safe(row.detail),
              'compared with': comparedWith(row.finding),
              place: safe(row.path),
              run: row.runId,
              blob: safe(row.blobKey),
            }),
            '',
            ...Object.entries(row.row ?? {}).map(([name, value]) => `  ${safe(name)}: ${safe(JSON.stringify(value))}`),
          ].join('\n'),
        );
        return exitCodes.ok;
      }),
    );
}

/** The price that this one was compared with. */
function comparedWith(finding: QuarantineView['finding']): string | null {
  if (finding.code !== 'price_ratio' || finding.than === undefined) return null;
  return `${safe(finding.than)} (${finding.to === 'stored' ? 'the stored price' : 'the previous close beside it'})`;
}

function discard(): Command {
  return newCommand('discard', 'Take rows out of quarantine that nothing is to be done about, with a reason', [
    'quarantine discard 1234 1235 --because "the source has corrected it"',
    'quarantine discard --source yahoo --reason unit_suspect --because "pence for an hour, since fixed"',
  ])
    .argument('[ids...]', 'rows to discard; or give --source or --reason')
    .addOption(ofSource())
    .addOption(ofReason())
    .requiredOption('--because <why>', 'why; it is kept with the rows')
    .action((ids: string[], options: Which & { because: string }) =>
      carryOut(options, async ({ api, out }) => {
        const done = await api.request('POST', '/quarantine/discard', discardedSchema, {
          ...chosen(ids, options),
          because: options.because,
        });
        const more = done.more ? ' There are more: run it again.' : '';
        out.result(done, () => `${count(done.discarded, 'row')} discarded.${more}`);
        return done.discarded === 0 ? exitCodes.failed : exitCodes.ok;
      }),
    );
}

/** The rows that a command names, for the API. */
function chosen(ids: readonly string[], { source, reason }: Which) {
  if (ids.length === 0 && source === undefined && reason === undefined)
    throw usageError('Give row ids, --source or --reason.');
  return {
    ...(ids.length > 0 ? { ids } : {}),
    ...(source === undefined ? {} : { sourceId: source }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function replay(): Command {
  return newCommand('replay', 'Parse the raw answers of quarantined rows again with the current parser', [
    'quarantine replay 1234 1235',
    'quarantine replay --source yahoo --reason schema --wait',
  ])
    .argument('[ids...]', 'rows to replay; or give --source or --reason')
    .addOption(ofSource())
    .addOption(ofReason())
    .option('--believe', 'accept the prices of these rows, however far they are from what is known')
    .option('--wait', 'wait until it ends')
    .action((ids: string[], options: ReplayOptions) =>
      carryOut(options, (context) => replayThem(ids, options, context)),
    );
}

async function replayThem(
  ids: readonly string[],
  options: ReplayOptions,
  context: Parameters<Parameters<typeof carryOut>[1]>[0],
): Promise<ExitCode> {
  const { api, out } = context;
  const { believe, wait } = options;
  const asked = await api.request('POST', '/quarantine/replay', replayAcceptedSchema, {
    ...chosen(ids, options),
    ...(believe ? { believe: true } : {}),
  });
  const more = asked.more ? ' There are more: run it again when this is done.' : '';
  if (!wait) {
    out.result(
      asked,
      () =>
        `${count(asked.rows, 'row')} of ${count(asked.blobs, 'answer')} are being read again as replay ${asked.id}.${more}`,
    );
    return exitCodes.ok;
  }
  const done = await waitFor(
    {
      what: 'The replay',
      timeoutMs: 600_000,
      look: () => api.request('GET', `/replays/${asked.id}`, replaySchema),
      done: ({ status }) => status !== 'queued',
      says: (found) => `${found?.read ?? 0} of ${count(asked.blobs, 'answer')} read`,
    },
    context,
  );
  const nothing =
    done.released === 0 ? 'Nothing has left the quarantine: ' : `${count(done.released, 'row')} left the quarantine: `;
  out.result(
    done,
    () =>
      `${nothing}${count(done.read, 'answer')} read again: ${done.accepted} rows accepted, ${done.rejected} in quarantine, ${done.written} written.${unread(done.failed)}${more}`,
  );
  return done.released === 0 || done.failed > 0 ? exitCodes.failed : exitCodes.ok;
}

function unread(failed: number): string {
  return failed === 0 ? '' : ` ${count(failed, 'answer')} cannot be read any more.`;
}
