import { serviceSchema, sourceSchema } from '../core/contracts/http/operations.ts';
import { serviceIds } from '../core/contracts/words/services.ts';
import type { Context } from './command.ts';
import { instant } from './output.ts';

/** Starts or stops the service of that name, or else the source of that name. */
export async function switchOne(
  name: string,
  to: 'start' | 'stop',
  until: string | null,
  { api, out }: Context,
): Promise<void> {
  const path = (kind: string) => `/${kind}/${encodeURIComponent(name)}/${to}`;
  const body = until === null ? undefined : { until };
  if (serviceIds.some((id) => id === name)) {
    const service = await api.request('POST', path('services'), serviceSchema, body);
    out.result(
      service,
      () =>
        `The service ${service.id} is ${service.running ? 'running' : `stopped ${untilWords(service.stoppedUntil)}`}.`,
    );
    return;
  }
  const source = await api.request('POST', path('sources'), sourceSchema, body);
  out.result(source, () =>
    source.paused
      ? `${source.title} is paused ${untilWords(source.pausedUntil)}.`
      : `${source.title} runs again. Its next run: ${instant(source.health.nextRunAt)}.`,
  );
}

function untilWords(until: string | null): string {
  return until === null ? 'until you start it' : `until ${instant(until)}`;
}
