/**
 * What a person can do to sources and services. Each change happens at once, says what it did, and can be taken back
 * for ten seconds; none of them throws: a failure is said too.
 */
import { useQuery } from '@tanstack/react-query';
import { z } from 'zod';
import {
  type RunDetailView,
  runAcceptedSchema,
  type ServiceView,
  type SourceView,
} from '../../../core/contracts/http/operations.ts';
import { type RecoveryView, recoveryAcceptedSchema } from '../../../core/contracts/http/recovery.ts';
import { toast, toastFailure } from '../elements/toasts.tsx';
import { capital, formatDuration, plural, words } from '../format.ts';
import { change } from './client.ts';
import { clock } from './clock.ts';
import { requestErrorOf } from './failure.ts';
import { recoveryQuery, runQuery, servicesQuery, sessionQuery, sourcesQuery } from './queries.ts';
import { endSessionOn401, queryClient } from './query-client.ts';

const followEveryMs = 1_000;
const followAtMostMs = 120_000;
/** A recovery gets three minutes, and two more where another source is asked. */
const recoveryAtMostMs = 330_000;

type Source = Pick<SourceView, 'id' | 'title'>;
type Service = Pick<ServiceView, 'id'>;
type Direction = 'start' | 'stop';

/** Where something that can be switched is in the API, and what people call it. */
function placeOf(of: Source | Service): { path: string; name: string } {
  return 'title' in of
    ? { path: `/sources/${encodeURIComponent(of.id)}`, name: of.title }
    : { path: `/services/${of.id}`, name: capital(of.id) };
}

/** Why this person may not operate, or `null` if they may. */
export function useRefusal(): string | null {
  const session = useQuery(sessionQuery).data;
  if (!session || session.scopes.includes('operate') || session.scopes.includes('admin')) return null;
  return 'Your key may only read. Sign in with a key of scope “operate” to do this.';
}

/** Start or stop a source. Stopping plans no more runs; what runs already ends. */
export function switchSource(source: Source, to: Direction): Promise<void> {
  return switchAndSay(source, to);
}

/** Start or stop a service. */
export function switchService(service: Service, to: Direction): Promise<void> {
  return switchAndSay(service, to);
}

/** Has what is stopped go on by itself in so many minutes, or when someone starts it. */
export async function endStop(of: Source | Service, minutes: number | null): Promise<void> {
  const { path, name } = placeOf(of);
  const until = minutes === null ? null : new Date(clock.now() + minutes * 60_000).toISOString();
  try {
    await change('POST', `${path}/stop`, z.unknown(), { until });
    const when = minutes === null ? 'when it is started' : `in ${formatDuration(minutes * 60)}`;
    toast({ tone: 'done', text: `${name} goes on ${when}.` });
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${name} was not changed`, error);
  }
  await refreshOperations();
}

async function switchAndSay(of: Source | Service, to: Direction, undoes = false): Promise<void> {
  const { path, name } = placeOf(of);
  const done = to === 'start' ? 'started' : 'stopped';
  try {
    await change('POST', `${path}/${to}`, z.unknown());
    const back = to === 'start' ? 'stop' : 'start';
    toast({
      tone: 'done',
      text: undoes ? `Undone: ${name} ${done} again.` : `${name} ${done}.`,
      ...(undoes ? {} : { action: { label: 'Undo', run: () => void switchAndSay(of, back, true) } }),
    });
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${name} was not ${done}`, error);
  }
  await refreshOperations();
}

/** Run a source's jobs now, and follow them to their end. `onShow` leads to the first run. */
export async function runSource(source: Source, onShow: (runId: string) => void): Promise<void> {
  try {
    const path = `/sources/${encodeURIComponent(source.id)}/run`;
    const { data, warnings } = await change('POST', path, runAcceptedSchema);
    const runIds = data.runs.map((run) => run.id);
    void followRuns(source.title, runIds, warnings[0]?.message, () => onShow(data.id));
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${source.title} was not run`, error);
  }
  await refreshOperations();
}

async function followRuns(
  title: string,
  runIds: readonly string[],
  warning: string | undefined,
  show: () => void,
): Promise<void> {
  const action = { label: 'Show run', run: show };
  const id = toast({ tone: 'doing', text: `${title} is running. ${warning ?? 'You can leave this page.'}`, action });
  try {
    const until = Date.now() + followAtMostMs;
    const runs = await Promise.all(runIds.map((runId) => finishedRun(runId, until)));
    const ended = runs.filter((run) => run !== null);
    const failed = ended.find((run) => run.status === 'failed');
    const accepted = ended.reduce((sum, run) => sum + run.accepted, 0);
    const rejected = ended.reduce((sum, run) => sum + run.rejected, 0);
    if (failed) {
      const why = failed.reason ? `: ${words(failed.reason)}` : '';
      toast({ tone: 'failed', text: `${title}’s ${failed.job} run failed${why}.`, action }, id);
    } else if (ended.length < runs.length) {
      toast({ tone: 'done', text: `${title} still runs after two minutes. ${warning ?? ''}`, action }, id);
    } else {
      toast(
        { tone: 'done', text: `${title} has run: ${plural(accepted, 'row')} stored, ${rejected} rejected.`, action },
        id,
      );
    }
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${title} was started, but its run cannot be followed`, error, id);
  }
  await refreshOperations();
}

/** The run once it is finished, or `null` if that takes longer than anyone waits for a message. */
async function finishedRun(runId: string, until: number): Promise<RunDetailView | null> {
  while (Date.now() < until) {
    const run = await startedRun(runId);
    if (run !== null && run.finishedAt !== null) return run;
    await new Promise((resolve) => setTimeout(resolve, followEveryMs));
  }
  return null;
}

/** The run, or `null` while it is only promised: what was asked for appears within seconds. */
async function startedRun(runId: string): Promise<RunDetailView | null> {
  try {
    return await queryClient.fetchQuery({ ...runQuery(runId), staleTime: 0, retry: false });
  } catch (error) {
    if (requestErrorOf(error).code === 'unknown_run') return null;
    throw error;
  }
}

/** Recover a source, and follow it to its end. `onShow` leads to its steps. */
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
    toastFailure(`The recovery of ${title} has begun, but cannot be followed`, error, message);
  }
  await refreshOperations();
}

function endOf(title: string, { status, reason }: RecoveryView): string {
  if (status === 'verified') return `${title} works: its canary came.`;
  const why = reason === null ? '' : ` (${words(reason)})`;
  return status === 'mitigated'
    ? `${title} does not work yet${why}; another source stands in.`
    : `The recovery of ${title} failed${why}.`;
}

async function endedRecovery(id: string): Promise<RecoveryView | null> {
  const until = Date.now() + recoveryAtMostMs;
  while (Date.now() < until) {
    const recovery = await queryClient.fetchQuery({ ...recoveryQuery(id), staleTime: 0, retry: false });
    if (recovery.finishedAt !== null) return recovery;
    await new Promise((resolve) => setTimeout(resolve, followEveryMs));
  }
  return null;
}

async function refreshOperations(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: sourcesQuery.queryKey }),
    queryClient.invalidateQueries({ queryKey: servicesQuery.queryKey }),
    queryClient.invalidateQueries({ queryKey: ['runs'] }),
    queryClient.invalidateQueries({ queryKey: ['recoveries'] }),
    queryClient.invalidateQueries({ queryKey: ['incidents'] }),
  ]);
}
