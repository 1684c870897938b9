import type { ServiceView } from '../../../core/contracts/http/operations.ts';
import { serviceIds } from '../../../core/contracts/words/services.ts';
import type { ServiceState } from '../../../core/ports/switch-store.ts';

/** Every service with its switch. One that nobody has switched runs. */
export function serviceViews(rows: readonly ServiceState[]): ServiceView[] {
  return serviceIds.map((id) => {
    const row = rows.find((each) => each.serviceId === id);
    return {
      id,
      running: row?.running ?? true,
      stoppedUntil: row?.stoppedUntil?.toISOString() ?? null,
      changedAt: row?.changedAt.toISOString() ?? null,
    };
  });
}
