import type { Warning } from '../../core/contracts/http/envelope.ts';
import { runServices } from '../../core/contracts/words/services.ts';
import type { SwitchStore } from '../../core/ports/switch-store.ts';

/** A run that waits for a service which someone stopped is accepted all the same, and says so. */
export async function stoppedServices(switches: Pick<SwitchStore, 'services'>, now: Date): Promise<Warning[]> {
  const stopped = (await switches.services(now)).filter((row) => !row.running && runServices.includes(row.serviceId));
  return stopped.map((row) => ({
    code: 'service_stopped',
    message: `The service ${row.serviceId} is stopped${row.stoppedUntil ? ` until ${row.stoppedUntil.toISOString()}` : ''}: the run waits until then, or until it is started with POST /services/${row.serviceId}/start.`,
  }));
}
