import * as z from 'zod';
import { serviceSchema, servicesSchema, stopRequestSchema } from '../../../core/contracts/http/operations.ts';
import type { QueueCounts } from '../../../core/contracts/queues.ts';
import { serviceIds } from '../../../core/contracts/words/services.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { type Route, route } from '../../../core/http/route.ts';
import type { EventFeed } from '../../../core/ports/event-feed.ts';
import type { QueueInspector } from '../../../core/ports/queue-inspector.ts';
import type { SwitchStore } from '../../../core/ports/switch-store.ts';
import { pauseEnd } from '../pause-end.ts';
import { serviceViews } from '../views/service.ts';

interface RouteDependencies {
  readonly switches: SwitchStore;
  readonly inspector: QueueInspector;
  readonly feed: Pick<EventFeed, 'lag'>;
  log(error: unknown, requestId: string): void;
}

const tag = 'Services';

export function serviceRoutes({ switches, inspector, feed, log }: RouteDependencies): Route[] {
  const views = async (now: Date) => serviceViews(await switches.services(now));

  const list = route(
    {
      method: 'get',
      path: '/services',
      access: 'read',
      shows: 'nothing',
      tag,
      summary: 'The parts that can be stopped, the queues between them, and the events that wait to be published',
      description:
        'Counts of messages are approximate. When the queues cannot be asked, they are left out with a warning.',
      data: servicesSchema,
    },
    async ({ call }) => {
      const services = await views(new Date(call.now));
      const { waiting, seconds } = await feed.lag();
      let queues: readonly QueueCounts[] | undefined;
      try {
        queues = await inspector.counts();
      } catch (error) {
        log(error, call.requestId);
      }
      return {
        kind: 'data',
        data: { services, queues: queues ?? [], events: { waiting, oldestSeconds: Math.round(seconds) } },
        warnings: queues
          ? []
          : [
              {
                code: 'queues_unavailable',
                message: 'The queues could not be asked; their counts are missing. Try again shortly.',
              },
            ],
      };
    },
  );

  function switching(to: 'start' | 'stop'): Route {
    return route(
      {
        method: 'post',
        path: `/services/{id}/${to}`,
        access: 'operate',
        shows: 'nothing',
        tag,
        summary: to === 'start' ? 'Start a service' : 'Stop a service',
        description:
          to === 'start'
            ? 'Ends a stop, whether it had an end or not.'
            : 'Sets a flag that each handler reads first, until someone starts it or for as long as `until` says. What is under way ends, and a busy handler notices within a second. What waits in a queue stays there.',
        params: z.object({ id: z.string().min(1).max(64) }),
        ...(to === 'stop' ? { body: stopRequestSchema.optional() } : {}),
        data: serviceSchema,
        problems: ['unknown_service'],
      },
      async ({ params, body, call }) => {
        const id = serviceIds.find((each) => each === params.id);
        if (!id) throw new ProblemError('unknown_service', `The services are ${serviceIds.join(', ')}.`);
        const now = new Date(call.now);
        await switches.setRunning(id, to === 'start', pauseEnd(body, call.now), now);
        return { kind: 'data', data: (await views(now)).find((view) => view.id === id) };
      },
    );
  }

  return [list, switching('start'), switching('stop')];
}
