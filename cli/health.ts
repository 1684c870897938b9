import type { Command } from 'commander';
import { type HealthView, healthSchema, type SystemHealth } from '../core/contracts/http/health.ts';
import { type SourceHealthView, sourceHealthSchema } from '../core/contracts/http/operations.ts';
import { causeMeanings, whyInWords } from '../core/contracts/words/causes.ts';
import { capInWords, isUnhealthy } from '../core/contracts/words/health-status.ts';
import { type Common, type Context, carryOut, newCommand } from './command.ts';
import { distance, fields, instant, safe, status, table } from './output.ts';
import { CommandError, type ExitCode, exitCodes } from './problems.ts';

/** `quotron health`: health of the installation or of one source. Exits with 1 when it is unhealthy. */
export function healthCommand(): Command {
  return newCommand('health', 'Health of the installation or of one source; exits with 1 when it is unhealthy', [
    'health',
    'health yahoo',
    'health yahoo --json',
  ])
    .argument('[source]', 'one source')
    .action((source: string | undefined, options: Common) =>
      carryOut(options, (context) => (source === undefined ? ofAll(context) : ofOne(source, context))),
    );
}

/** The health of the installation. A 503 carries it as well. */
export async function readHealth({ api }: Pick<Context, 'api'>): Promise<HealthView> {
  const parsed = healthSchema.safeParse(parse(await api.text('/health', 'application/health+json', [503])));
  if (!parsed.success) throw new CommandError('The answer of /health does not fit this version of the command.');
  return parsed.data;
}

/** What `health` and `status` exit with. */
export function exitCodeOf({ status }: Pick<HealthView, 'status'>): ExitCode {
  return status === 'pass' ? exitCodes.ok : exitCodes.failed;
}

/** `62 of 100`, with what holds it there. */
export function scoreInWords({ score, mean, cap }: SystemHealth): string {
  if (score === null) return 'not known yet';
  if (cap === null) return `${score} of 100`;
  return `${score} of 100, ${capInWords(cap, mean)}`;
}

async function ofAll(context: Context): Promise<ExitCode> {
  const { out } = context;
  const health = await readHealth(context);
  out.result(health, () => {
    const checks = Object.entries(health.checks).flatMap(([name, all]) =>
      all.map((check) => [name, status(check.status), safe(check.output ?? '')]),
    );
    const { system, sources } = health;
    const state = system?.headline ?? `${sources.healthy} of ${sources.total} sources are healthy.`;
    return [
      `${status(health.status)}: ${safe(state)}`,
      fields({
        score: system && scoreInWords(system),
        version: safe(health.version),
        'simulated sources': health.simulated ? health.simulatedSources.map(safe).join(', ') : null,
      }),
      table(['check', 'status', ''], checks),
    ].join('\n\n');
  });
  return exitCodeOf(health);
}

async function ofOne(source: string, { api, out }: Context): Promise<ExitCode> {
  const health = await api.request('GET', `/sources/${encodeURIComponent(source)}/health`, sourceHealthSchema);
  out.result(health, () => inWords(source, health));
  return isUnhealthy(health.status) ? exitCodes.failed : exitCodes.ok;
}

function inWords(source: string, health: SourceHealthView): string {
  const { breaker, login, quota, lastFailure, parts } = health;
  const why = whyInWords(health);
  const percent = (share: number | null | undefined) => (share == null ? '–' : `${Math.round(100 * share)} %`);
  return [
    `${safe(source)} ${health.status === 'failed' ? 'has' : 'is'} ${status(health.status)}${why === null ? '' : `: ${why}`}.`,
    ...(health.cause === null ? [] : [causeMeanings[health.cause]]),
    '',
    fields({
      score: health.score === null ? '–' : `${health.score} of 100`,
      parts: Object.entries(parts)
        .map(([name, share]) => `${name} ${percent(share)}`)
        .join(', '),
      'last success': `${instant(health.lastSuccessAt)} (${distance(health.lastSuccessAt)})`,
      'last failure':
        lastFailure === null
          ? 'none'
          : `${instant(lastFailure.at)}: ${whyInWords(lastFailure)}. ${safe(lastFailure.message ?? '')}`.trim(),
      ...(login && {
        login: `${login.detail.code.replaceAll('_', ' ')} since ${instant(login.since)}${login.until === null ? '' : ` until ${instant(login.until)}`}. ${safe(login.hint)}`,
      }),
      breaker: `${breaker.state}${breaker.until === null ? '' : ` until ${instant(breaker.until)}`}`,
      quota: `${quota.minute.used} of ${quota.minute.limit} this minute, ${quota.day.used} of ${quota.day.limit} today`,
      'no requests until':
        health.heldUntil === null ? null : `${instant(health.heldUntil)} (${distance(health.heldUntil)})`,
      'next run': instant(health.nextRunAt),
    }),
  ].join('\n');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
