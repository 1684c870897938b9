import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import * as z from 'zod';
import { type eventsWaitingSchema, servicesSchema, sourceSchema } from '../core/contracts/http/operations.ts';
import { whyInWords } from '../core/contracts/words/causes.ts';
import { gravityOf } from '../core/contracts/words/health-status.ts';
import { type Common, type Context, carryOut, newCommand } from './command.ts';
import { exitCodeOf, readHealth, scoreInWords } from './health.ts';
import { numberOption } from './options.ts';
import { distance, due, fields, safe, status, table, tinted } from './output.ts';
import { CommandError, type ExitCode, exitCodes } from './problems.ts';

/** `quotron status`: overview. Exits with 1 when /health does not pass, as `quotron health` does. */
export function statusCommand(): Command {
  return newCommand('status', 'Overview of sources, services and queues; exits with 1 when something is wrong', [
    'status',
    'status --json',
    'status --watch 5',
  ])
    .addOption(
      new Option('--watch [seconds]', 'show it again and again until Ctrl-C, every so many seconds')
        .argParser(numberOption(3600))
        .preset('5'),
    )
    .action((options: Common & { watch?: number }) =>
      carryOut(
        options,
        (context) => (options.watch === undefined ? show(context) : watch(context, options.watch * 1000)),
        { saysSimulated: true },
      ),
    );
}

/** Shows the status until Ctrl-C. The exit code is that of the last one. */
async function watch(context: Context, everyMs: number): Promise<ExitCode> {
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop);
  let code: ExitCode = exitCodes.failed;
  try {
    while (!stopping.signal.aborted) {
      // At a terminal it stays in its place; in a file or pipe each follows the one before.
      if (process.stdout.isTTY && !context.out.json) process.stdout.write('\u001b[H\u001b[2J');
      code = await show(context).catch((error: unknown) => {
        if (!(error instanceof CommandError) || error.exitCode === exitCodes.usage) throw error;
        context.out.progress(error.message);
        return exitCodes.failed;
      });
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, stop);
  }
  return code;
}

/** What the table has of a source. */
const shownSchema = sourceSchema.pick({ id: true, simulated: true, health: true });
type ShownSource = z.infer<typeof shownSchema>;

async function show(context: Context): Promise<ExitCode> {
  const { api, out } = context;
  // Programs get all of it, and a person what the table has.
  const all: readonly ShownSource[] = out.json
    ? await api.request('GET', '/sources', z.array(sourceSchema))
    : await api.request('GET', '/sources?fields=id,simulated,health', z.array(shownSchema));
  const sources = all.toSorted((a, b) => gravityOf(a.health.status) - gravityOf(b.health.status));
  const { services, queues, events } = await api.request('GET', '/services', servicesSchema);
  const health = await readHealth(context);
  const { system } = health;
  const withStatus = (...of: string[]) =>
    sources.filter((source) => of.includes(source.health.status)).map(({ id }) => id);
  const sick = withStatus('failed', 'degraded', 'limited');
  const paused = withStatus('paused');
  const stopped = services.filter(({ running }) => !running).map(({ id }) => id);
  const dead = queues.filter((queue) => queue.dead > 0).map(({ name }) => name);
  const healthy = health.status === 'pass';
  const busy = queues.filter((queue) => queue.waiting + queue.inFlight + queue.dead > 0);
  const { simulated, simulatedSources } = health;
  const state = { healthy, status: health.status, score: system?.score ?? null, system, simulated, simulatedSources };
  out.result({ ...state, sick, paused, stopped, dead, sources, services, queues, events }, () =>
    [
      ...(simulated ? [simulationInWords(sources)] : []),
      table(['source', 'status', 'why', 'score', 'last success', 'next run'], sources.map(row)),
      table(
        ['service', 'state', ''],
        services.map(({ id, running, stoppedUntil }) => [
          id,
          status(running ? 'running' : 'stopped'),
          stoppedUntil === null ? '' : `resumes ${distance(stoppedUntil)}`,
        ]),
      ),
      busy.length === 0
        ? 'All queues are empty.'
        : table(
            ['queue', 'waiting', 'in flight', 'dead'],
            busy.map((queue) => [queue.name, ...[queue.waiting, queue.inFlight, queue.dead].map(String)]),
          ),
      ...(events === null || events.waiting === 0 ? [] : [eventsInWords(events)]),
      ...(system === null ? [] : [fields({ score: scoreInWords(system) })]),
      `${safe(system?.headline ?? `The health is ${health.status}.`)}${healthy ? '' : ' `quotron diagnose` explains why and what to do.'}`,
    ].join('\n\n'),
  );
  return exitCodeOf(health);
}

function eventsInWords({ waiting, oldestSeconds }: z.infer<typeof eventsWaitingSchema>): string {
  return `${waiting} ${waiting === 1 ? 'event waits' : 'events wait'} to be published; the oldest for ${oldestSeconds} s.`;
}

function row({ id, health }: ShownSource): string[] {
  return [
    safe(id),
    status(health.status),
    whyInWords(health) ?? '',
    health.score === null ? '–' : String(health.score),
    distance(health.lastSuccessAt),
    due(health.nextRunAt),
  ];
}

/** How to get real prices is said where it can be done: on a laptop, which is where sources are simulated. */
function simulationInWords(sources: readonly ShownSource[]): string {
  const ids = sources.filter(({ simulated }) => simulated).map(({ id }) => safe(id));
  const whose =
    ids.length === sources.length ? 'all sources are' : `${ids.join(', ')} ${ids.length === 1 ? 'is' : 'are'}`;
  return `${tinted('fair', 'Simulated data')}: ${whose} simulated, and the prices are made up. For real ones: npm start -- --live`;
}
