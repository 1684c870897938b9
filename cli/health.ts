import type { Command } from 'commander';
import { healthSchema, type SourceHealthView, sourceHealthSchema } from '../core/contracts/http/operations.ts';
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

async function ofAll({ api, out }: Context): Promise<ExitCode> {
  // A 503 carries the same body.
  const parsed = healthSchema.safeParse(parse(await api.text('/health', 'application/health+json', [503])));
  if (!parsed.success) throw new CommandError('The answer of /health does not fit this version of the command.');
  const health = parsed.data;
  out.result(health, () => {
    const checks = Object.entries(health.checks).flatMap(([name, all]) =>
      all.map((check) => [name, status(check.status), safe(check.output ?? '')]),
    );
    const { total, healthy } = health.sources;
    return `${status(health.status)}: ${healthy} of ${total} sources are healthy. Version ${safe(health.version)}.\n\n${table(['check', 'status', ''], checks)}`;
  });
  return health.status === 'pass' ? exitCodes.ok : exitCodes.failed;
}

async function ofOne(source: string, { api, out }: Context): Promise<ExitCode> {
  const health = await api.request('GET', `/sources/${encodeURIComponent(source)}/health`, sourceHealthSchema);
  out.result(health, () => inWords(source, health));
  return health.status === 'failed' || health.status === 'degraded' ? exitCodes.failed : exitCodes.ok;
}

function inWords(source: string, health: SourceHealthView): string {
  const { breaker, quota, lastFailure, parts } = health;
  const percent = (share: number | null | undefined) => (share == null ? '–' : `${Math.round(100 * share)} %`);
  return [
    `${safe(source)} is ${status(health.status)}${health.reason === null ? '' : `: ${health.reason}`}.`,
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
          : `${instant(lastFailure.at)}: ${lastFailure.reason}. ${safe(lastFailure.message ?? '')}`.trim(),
      breaker: `${breaker.state}${breaker.until === null ? '' : ` until ${instant(breaker.until)}`}`,
      quota: `${quota.minute.used} of ${quota.minute.limit} this minute, ${quota.day.used} of ${quota.day.limit} today`,
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
