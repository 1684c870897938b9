import { serviceSchema, sourceSchema } from '../core/contracts/http/operations.ts';
import { serviceIds } from '../core/contracts/reasons.ts';
import type { Context } from './command.ts';
import { instant } from './output.ts';
import { usageError } from './problems.ts';

/** Starts or stops what has a name: a service where it is one's, otherwise a source. */
export async function switchOne(
  name: string,
  to: 'start' | 'stop',
  until: string | null,
  { api, out }: Context,
): Promise<void> {
  const path = (kind: string) => `/${kind}/${encodeURIComponent(name)}/${to}`;
  if (serviceIds.some((id) => id === name)) {
    if (until !== null) throw usageError('A service has no --until: it is stopped until someone starts it.');
    const service = await api.ask('POST', path('services'), serviceSchema);
    out.result(service, () => `The service ${service.id} is ${service.running ? 'running' : 'stopped'}.`);
    return;
  }
  const source = await api.ask('POST', path('sources'), sourceSchema, until === null ? undefined : { until });
  out.result(source, () =>
    source.paused
      ? `${source.title} is left alone ${source.pausedUntil === null ? 'until you start it' : `until ${instant(source.pausedUntil)}`}.`
      : `${source.title} runs again. Its next run: ${instant(source.health.nextRunAt)}.`,
  );
}
