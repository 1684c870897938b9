/**
 * Recovers one source, several, or all that fail, and follows each recovery until it ends. None of these throws: a failure is
 * shown as a toast, like the result.
 */
import type { z } from 'zod';
import type { SourceView } from '../../../core/contracts/http/operations.ts';
import {
  type RecoveryView,
  recoveriesAcceptedSchema,
  type recoverRequestSchema,
  recoveryAcceptedSchema,
} from '../../../core/contracts/http/recovery.ts';
import { whyInWords } from '../../../core/contracts/words/causes.ts';
import { change } from '../api/client.ts';
import { recoveryQuery } from '../api/queries.ts';
import { endSessionOn401, queryClient } from '../api/query-client.ts';
import { toast, toastFailure } from '../components/toasts.tsx';
import { plural } from '../text/format.ts';
import { follow } from './follow.ts';
import { refreshOperations } from './operate.ts';

/** A recovery has three minutes, and two more when a fallback source is used. */
const recoveryAtMostMs = 330_000;

type Source = Pick<SourceView, 'id' | 'title'>;

/** Recovers a source and follows the recovery until it ends. `onShow` opens its steps. */
export async function recoverSource(source: Source, onShow: () => void): Promise<void> {
  const action = { label: 'Show steps', run: onShow };
  try {
    const path = `/sources/${encodeURIComponent(source.id)}/recover`;
    const { data, warnings } = await change('POST', path, recoveryAcceptedSchema);
    const text = `${source.title} is being recovered. ${warnings[0]?.message ?? 'You can leave this page.'}`;
    const message = toast({ tone: 'doing', text, action });
    void followRecovery(source.title, data.id, message, action);
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${source.title} was not recovered`, error);
  }
  await refreshOperations();
}

async function followRecovery(
  title: string,
  recoveryId: string,
  message: number,
  action: { label: string; run: () => void },
): Promise<void> {
  try {
    const ended = await endedRecovery(recoveryId);
    if (ended === null) toast({ tone: 'done', text: `${title} is still being recovered.`, action }, message);
    else toast({ tone: ended.status === 'failed' ? 'failed' : 'done', text: endOf(title, ended), action }, message);
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`The recovery of ${title} was started, but could not be followed`, error, message);
  }
  await refreshOperations();
}

function endOf(title: string, { status, reason, cause }: RecoveryView): string {
  if (status === 'verified') return `${title} works: its canary run succeeded.`;
  const said = whyInWords({ cause, reason });
  const why = said === null ? '' : ` (${said})`;
  return status === 'mitigated'
    ? `${title} does not work yet${why}; another source replaces it meanwhile.`
    : `The recovery of ${title} failed${why}.`;
}

async function endedRecovery(id: string): Promise<RecoveryView | null> {
  const isEnded = ({ finishedAt }: RecoveryView) => finishedAt !== null;
  const look = () => queryClient.fetchQuery({ ...recoveryQuery(id), staleTime: 0, retry: false });
  const recovery = await follow(look, isEnded, { withinMs: recoveryAtMostMs });
  return isEnded(recovery) ? recovery : null;
}

/** Recovers the named sources; what may not be recovered now is said with its reason. */
export function recoverSelected(sources: readonly Source[]): Promise<void> {
  return recoverMany({ ids: sources.map(({ id }) => id) }, sources);
}

/** Recovers every source that is failed, degraded or limited. Healthy ones are left as they are. */
export function recoverFailing(sources: readonly Source[]): Promise<void> {
  return recoverMany({ failing: true }, sources);
}

async function recoverMany(wanted: z.input<typeof recoverRequestSchema>, sources: readonly Source[]): Promise<void> {
  const titles = new Map(sources.map(({ id, title }) => [id, title]));
  const named = (ids: readonly string[]) => ids.map((id) => titles.get(id) ?? id).join(', ');
  try {
    const { data, warnings } = await change('POST', '/sources/recover', recoveriesAcceptedSchema, wanted);
    const begun = data.flatMap(({ accepted, id, sourceId }) => (accepted && id !== null ? [{ id, sourceId }] : []));
    const refused = data.flatMap(({ refusal }) => (refusal === null ? [] : [refusal.message]));
    const rest = [...refused, ...warnings.map(({ message }) => message)].join(' ');
    if (begun.length === 0) {
      const tone = refused.length === 0 ? 'done' : 'warning';
      toast({ tone, text: refused.length === 0 ? 'Nothing fails, so nothing is recovered.' : rest });
    } else {
      const names = named(begun.map(({ sourceId }) => sourceId));
      const text = `${plural(begun.length, 'source is', 'sources are')} being recovered: ${names}. ${rest}`;
      void followMany(begun, named, toast({ tone: 'doing', text }));
    }
  } catch (error) {
    endSessionOn401(error);
    toastFailure('Nothing was recovered', error);
  }
  await refreshOperations();
}

async function followMany(
  begun: readonly { id: string; sourceId: string }[],
  named: (ids: readonly string[]) => string,
  message: number,
): Promise<void> {
  try {
    const ended = await Promise.all(
      begun.map(async ({ id, sourceId }) => ({ sourceId, recovery: await endedRecovery(id) })),
    );
    const withStatus = (wanted: RecoveryView['status'] | null) =>
      ended.flatMap(({ sourceId, recovery }) => ((recovery?.status ?? null) === wanted ? [sourceId] : []));
    const parts: [string, readonly string[]][] = [
      ['works again', withStatus('verified')],
      ['replaced by another source meanwhile', withStatus('mitigated')],
      ['not recovered', withStatus('failed')],
      ['still being recovered', withStatus(null)],
    ];
    const text = parts.flatMap(([what, ids]) => (ids.length === 0 ? [] : [`${named(ids)}: ${what}.`])).join(' ');
    toast({ tone: withStatus('failed').length > 0 ? 'failed' : 'done', text }, message);
  } catch (error) {
    endSessionOn401(error);
    toastFailure('The recoveries were started, but could not be followed', error, message);
  }
  await refreshOperations();
}
