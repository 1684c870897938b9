import { type Command, Option } from 'commander';
import { type RecoveryView, recoveriesAcceptedSchema, recoverySchema } from '../core/contracts/http/recovery.ts';
import { whyInWords } from '../core/contracts/words/causes.ts';
import { type Common, type Context, carryOut, newCommand } from './command.ts';
import { numberOption } from './options.ts';
import { safe, status } from './output.ts';
import { type ExitCode, exitCodes, usageError } from './problems.ts';
import { waitFor } from './wait.ts';

interface RecoverOptions extends Common {
  readonly kind?: string;
  readonly failing?: boolean;
  readonly all?: boolean;
  readonly wait?: boolean;
  readonly timeout: number;
}

/** `quotron recover`: recovers sources; a canary run verifies each. */
export function recoverCommand(): Command {
  return newCommand('recover', 'Recover sources; a canary run verifies each', [
    'recover yahoo --wait',
    'recover yahoo coingecko',
    'recover --kind browser --wait',
    'recover --failing --wait',
  ])
    .argument('[sources...]', 'which sources; the proxy is yahoo-proxy')
    .option('--failing', 'all that are failed, degraded or limited')
    .addOption(new Option('--kind <kind>', 'those of a kind that fail').choices(['api', 'browser', 'proxy']))
    .option('--all', 'deprecated: the same as --failing')
    .option('--wait', 'wait until they end; exit with 1 when one failed')
    .addOption(new Option('--timeout <seconds>', 'how long to wait').argParser(numberOption(3_600)).default(300))
    .action((sources: string[], options: RecoverOptions) =>
      carryOut(options, (context) => recover(sources, options, context)),
    );
}

async function recover(sources: readonly string[], options: RecoverOptions, context: Context): Promise<ExitCode> {
  const { kind, failing = false, all = false, wait, timeout } = options;
  if ([sources.length > 0, kind !== undefined, failing || all].filter(Boolean).length !== 1)
    throw usageError('Give source names, --failing or --kind: exactly one of the three.');
  if (all) context.out.progress('--all is deprecated and means --failing: a healthy source is recovered by its name.');
  const named = sources.length > 0;
  const body = named ? { ids: sources } : kind !== undefined ? { kind } : { failing: true };
  const asked = await context.api.request('POST', '/sources/recover', recoveriesAcceptedSchema, body);
  if (asked.length === 0) {
    context.out.result([], () => 'Nothing fails, so nothing is recovered. A healthy source is recovered by its name.');
    return exitCodes.ok;
  }
  // A recovery that was already running is waited for as well.
  const begun = asked.flatMap(({ id, sourceId }) => (id === null ? [] : [{ id, sourceId }]));
  const refused = asked.filter(({ id }) => id === null);
  const refusals = refused.map(
    ({ sourceId, refusal }) => `${safe(sourceId)}: not recovered. ${safe(refusal?.message ?? '')}`,
  );
  const code = codeOfRefusals(refused, named);
  if (!wait) {
    context.out.result(asked, () =>
      [...begun.map(({ id, sourceId }) => `${sourceId}: recovery ${id} is under way.`), ...refusals].join('\n'),
    );
    return code;
  }
  const ended: RecoveryView[] = [];
  for (const { id, sourceId } of begun) ended.push(await waitForRecovery(id, sourceId, timeout * 1000, context));
  context.out.result(ended, () => [...ended.map(inWords), ...refusals].join('\n'));
  return ended.every((recovery) => recovery.status !== 'failed') ? code : exitCodes.failed;
}

/** A source named on the command line must be recovered; with --failing or --kind, refusals (no credentials, paused) are fine. */
function codeOfRefusals(refused: readonly { refusal: { code: string } | null }[], named: boolean): ExitCode {
  if (!named || refused.length === 0) return exitCodes.ok;
  return refused.some(({ refusal }) => refusal?.code === 'unknown_source') ? exitCodes.usage : exitCodes.failed;
}

function waitForRecovery(id: string, sourceId: string, timeoutMs: number, context: Context): Promise<RecoveryView> {
  return waitFor(
    {
      what: `Recovery of ${sourceId}`,
      timeoutMs,
      look: () => context.api.request('GET', `/recoveries/${id}`, recoverySchema),
      done: ({ finishedAt }) => finishedAt !== null,
      says: (found) => {
        const step = found?.steps.at(-1);
        return step ? `${safe(step.name)} ${step.status}` : 'waiting to start';
      },
    },
    context,
  );
}

function inWords({ sourceId, status: word, strategy, reason, cause, message, steps, healedBy }: RecoveryView): string {
  const why = [whyInWords({ cause, reason }), message].filter((each) => each !== null).map(safe);
  const explanation = word === 'verified' || why.length === 0 ? '' : ` (${why.join(': ')})`;
  return [
    `${sourceId}: ${status(word)}${healedBy === null ? byStrategy(strategy) : healedInWords(healedBy)}${explanation}.`,
    ...steps.map(
      (step) => `  ${step.status.padEnd(7)} ${safe(step.name)}${step.detail === null ? '' : `: ${safe(step.detail)}`}`,
    ),
  ].join('\n');
}

function byStrategy(strategy: string | null): string {
  return strategy === null ? '' : ` by ${safe(strategy)}`;
}

/** What was changed before the proof succeeded: by which of several changes it works again is not known. */
function healedInWords(healedBy: readonly string[]): string {
  const done = healedBy.map((step) => safe(step.replaceAll('_', ' ')));
  return done.length === 0 ? '; nothing was changed, it works again by itself' : ` after ${done.join(', ')}`;
}
