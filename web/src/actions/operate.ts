/**
 * The actions on sources and services. Each takes effect at once, shows a toast with its result and can be undone for ten
 * seconds. None of them throws: a failure is shown as a toast.
 */

import { z } from 'zod';
import {
  type RunDetailView,
  runAcceptedSchema,
  type ServiceView,
  type SourceView,
} from '../../../core/contracts/http/operations.ts';
import { whyInWords } from '../../../core/contracts/words/causes.ts';
import { change } from '../api/client.ts';
import { clock } from '../api/clock.ts';
import { requestErrorOf } from '../api/failure.ts';
import { runQuery, servicesQuery, sourcesQuery } from '../api/queries.ts';
import { endSessionOn401, queryClient } from '../api/query-client.ts';
import { toast, toastFailure } from '../components/toasts.tsx';
import { capital, formatDuration, plural } from '../text/format.ts';
import { follow } from './follow.ts';

const followAtMostMs = 120_000;

type Source = Pick<SourceView, 'id' | 'title'>;
type Service = Pick<ServiceView, 'id'>;
type Direction = 'start' | 'stop';

/** The API path and the displayed name of a source or service. */
function placeOf(of: Source | Service): { path: string; name: string } {
  return 'title' in of
    ? { path: `/sources/${encodeURIComponent(of.id)}`, name: of.title }
    : { path: `/services/${of.id}`, name: capital(of.id) };
}

/** Starts or pauses a source. A paused source gets no new runs; running ones finish. */
export function switchSource(source: Source, to: Direction): Promise<void> {
  return switchAndReport(source, to);
}

/** Starts or stops a service. */
export function switchService(service: Service, to: Direction): Promise<void> {
  return switchAndReport(service, to);
}

/** Sets when a stopped source or service resumes: in so many minutes, or (`null`) when a person starts it. */
export async function setResume(of: Source | Service, minutes: number | null): Promise<void> {
  const { path, name } = placeOf(of);
  const until = minutes === null ? null : new Date(clock.now() + minutes * 60_000).toISOString();
  try {
    await change('POST', `${path}/stop`, z.unknown(), { until });
    const when = minutes === null ? 'when it is started' : `in ${formatDuration(minutes * 60)}`;
    toast({ tone: 'done', text: `${name} resumes ${when}.` });
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${name} was not changed`, error);
  }
  await refreshOperations();
}

async function switchAndReport(of: Source | Service, to: Direction, undoes = false): Promise<void> {
  const { path, name } = placeOf(of);
  const done = to === 'start' ? 'started' : 'stopped';
  try {
    await change('POST', `${path}/${to}`, z.unknown());
    const back = to === 'start' ? 'stop' : 'start';
    toast({
      tone: 'done',
      text: undoes ? `Undone: ${name} ${done} again.` : `${name} ${done}.`,
      ...(undoes ? {} : { action: { label: 'Undo', run: () => void switchAndReport(of, back, true) } }),
    });
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${name} was not ${done}`, error);
  }
  await refreshOperations();
}

/** Continues a login that is on hold, once a person has done what the source asks for. */
export async function continueLogin(source: Source): Promise<void> {
  const { path, name } = placeOf(source);
  try {
    await change('POST', `${path}/continue`, z.unknown());
    toast({ tone: 'done', text: `${name} signs in again with its next run.` });
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`The login of ${name} was not continued`, error);
  }
  await refreshOperations();
}

/** Runs a source's jobs now and follows them until they end. `onShow` opens the first run. */
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
    const runs = await Promise.all(runIds.map(finishedRun));
    const ended = runs.filter((run) => run !== null);
    const failed = ended.find((run) => run.status === 'failed');
    const accepted = ended.reduce((sum, run) => sum + run.accepted, 0);
    const rejected = ended.reduce((sum, run) => sum + run.rejected, 0);
    if (failed) {
      const said = whyInWords(failed);
      const why = said === null ? '' : `: ${said}`;
      toast({ tone: 'failed', text: `${title}’s ${failed.job} run failed${why}.`, action }, id);
    } else if (ended.length < runs.length) {
      toast({ tone: 'done', text: `${title} is still running after two minutes. ${warning ?? ''}`, action }, id);
    } else {
      toast(
        { tone: 'done', text: `${title} finished: ${plural(accepted, 'row')} stored, ${rejected} rejected.`, action },
        id,
      );
    }
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${title} was started, but its run could not be followed`, error, id);
  }
  await refreshOperations();
}

/** The finished run, or `null` when it did not finish in time. */
async function finishedRun(runId: string): Promise<RunDetailView | null> {
  const isFinished = (run: RunDetailView | null) => run !== null && run.finishedAt !== null;
  const run = await follow(() => startedRun(runId), isFinished, { withinMs: followAtMostMs });
  return isFinished(run) ? run : null;
}

/** The run, or `null` while the planner has not created it yet, which takes seconds. */
async function startedRun(runId: string): Promise<RunDetailView | null> {
  try {
    return await queryClient.fetchQuery({ ...runQuery(runId), staleTime: 0, retry: false });
  } catch (error) {
    if (requestErrorOf(error).code === 'unknown_run') return null;
    throw error;
  }
}

/** Reads again what an action on a source or service changes. */
export async function refreshOperations(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: sourcesQuery.queryKey }),
    queryClient.invalidateQueries({ queryKey: servicesQuery.queryKey }),
    queryClient.invalidateQueries({ queryKey: ['runs'] }),
    queryClient.invalidateQueries({ queryKey: ['recoveries'] }),
    queryClient.invalidateQueries({ queryKey: ['incidents'] }),
  ]);
}
