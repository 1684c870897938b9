import type { Command } from 'commander';
import * as z from 'zod';
import { type SourceView, servicesSchema, sourceSchema } from '../core/contracts/http/operations.ts';
import { type Common, carryOut, newCommand } from './command.ts';
import { count, distance, safe, status, table } from './output.ts';
import { exitCodes } from './problems.ts';

/** `quotron status`: overview. Exits with 1 when a source fails, a service is stopped or a queue has dead letters. */
export function statusCommand(): Command {
  return newCommand('status', 'Overview of sources, services and queues; exits with 1 when something is wrong', [
    'status',
    'status --json',
  ]).action((options: Common) =>
    carryOut(options, async ({ api, out }) => {
      const sources = await api.request('GET', '/sources', z.array(sourceSchema));
      const { services, queues } = await api.request('GET', '/services', servicesSchema);
      const sick = sources.filter(isSick).map(({ id }) => id);
      const stopped = services.filter(({ running }) => !running).map(({ id }) => id);
      const dead = queues.filter((queue) => queue.dead > 0).map(({ name }) => name);
      const wrong = [
        sick.length > 0 && `${count(sick.length, 'source')} unhealthy: ${sick.join(', ')}`,
        stopped.length > 0 && `stopped: ${stopped.join(', ')}`,
        dead.length > 0 && `dead letters: ${dead.join(', ')}`,
      ].filter((each) => each !== false);
      const healthy = wrong.length === 0;
      const busy = queues.filter((queue) => queue.waiting + queue.inFlight + queue.dead > 0);
      out.result({ healthy, sick, stopped, dead, sources, services, queues }, () =>
        [
          table(['source', 'status', 'reason', 'score', 'last success', 'next run'], sources.map(row)),
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
          healthy ? 'All is well.' : `${wrong.join('; ')}. \`quotron diagnose\` explains why and what to do.`,
        ].join('\n\n'),
      );
      return healthy ? exitCodes.ok : exitCodes.failed;
    }),
  );
}

/** A source that is limited, paused or has not run yet is not unhealthy. */
function isSick({ health }: SourceView): boolean {
  return health.status === 'failed' || health.status === 'degraded';
}

function row({ id, health }: SourceView): string[] {
  return [
    safe(id),
    status(health.status),
    health.reason ?? '',
    health.score === null ? '–' : String(health.score),
    distance(health.lastSuccessAt),
    distance(health.nextRunAt),
  ];
}
