/** The actions on exports. Making one throws what was refused, for the form; ending one shows a failure as a toast. */
import type { z } from 'zod';
import { type ExportView, type exportRequestSchema, exportSchema } from '../../../core/contracts/http/exports.ts';
import { change } from '../api/client.ts';
import { isOpen } from '../api/export-queries.ts';
import { endSessionOn401, queryClient } from '../api/query-client.ts';
import { toast, toastFailure } from '../components/toasts.tsx';

/** Asks for an export. What the key may not see is left out, and said. */
export async function startExport(wanted: z.input<typeof exportRequestSchema>): Promise<ExportView> {
  try {
    const { data, warnings } = await change('POST', '/exports', exportSchema, wanted);
    for (const { message } of warnings) toast({ tone: 'warning', text: message });
    await refresh();
    return data;
  } catch (error) {
    endSessionOn401(error);
    throw error;
  }
}

/** Cancels an export, or withdraws one that is done. */
export async function endExport(view: ExportView): Promise<void> {
  const done = isOpen(view) ? 'cancelled' : 'withdrawn';
  try {
    await change('DELETE', `/exports/${encodeURIComponent(view.id)}`, exportSchema);
    toast({ tone: 'done', text: `The export is ${done}.` });
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`The export was not ${done}`, error);
  }
  await refresh();
}

async function refresh(): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: ['exports'] });
}
