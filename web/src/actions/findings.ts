import { findingsDecidedSchema } from '../../../core/contracts/http/findings.ts';
import { change } from '../api/client.ts';
import { endSessionOn401, queryClient } from '../api/query-client.ts';
import { toast, toastFailure } from '../components/toasts.tsx';
import { plural } from '../text/format.ts';

/** Accepts or dismisses findings; what was decided meanwhile by somebody else stays as it is. */
export async function decideFindings(verb: 'accept' | 'dismiss', ids: readonly string[]): Promise<void> {
  const done = verb === 'accept' ? 'accepted' : 'dismissed';
  try {
    const { data } = await change('POST', `/findings/${verb}`, findingsDecidedSchema, { ids });
    const others = ids.length - data.ids.length;
    const rest = others === 0 ? '' : ` ${plural(others, 'other was', 'others were')} decided before.`;
    toast({ tone: 'done', text: `${plural(data.ids.length, 'finding')} ${done}.${rest}` });
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`Nothing was ${done}`, error);
  }
  await Promise.all(
    [['findings'], ['bars'], ['quotes'], ['quote']].map((queryKey) => queryClient.invalidateQueries({ queryKey })),
  );
}
