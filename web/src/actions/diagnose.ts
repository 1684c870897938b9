import { diagnosisAcceptedSchema } from '../../../core/contracts/http/diagnostics.ts';
import { change } from '../api/client.ts';
import { reportsQuery } from '../api/diagnosis-queries.ts';
import { endSessionOn401, queryClient } from '../api/query-client.ts';
import { toastFailure } from '../components/toasts.tsx';

/** Writes a report and gives its id; `null` where it was not written, which a toast says. */
export async function diagnose(): Promise<string | null> {
  try {
    const { data } = await change('POST', '/diagnostics', diagnosisAcceptedSchema);
    await queryClient.invalidateQueries({ queryKey: reportsQuery.queryKey });
    return data.id;
  } catch (error) {
    endSessionOn401(error);
    toastFailure('No report was written', error);
    return null;
  }
}
