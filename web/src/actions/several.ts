/** The actions on several sources at once: one toast for all, with undo, and what did not work by name. */
import { z } from 'zod';
import { runAcceptedSchema, type SourceView } from '../../../core/contracts/http/operations.ts';
import { change } from '../api/client.ts';
import { requestErrorOf } from '../api/failure.ts';
import { endSessionOn401 } from '../api/query-client.ts';
import { toast } from '../components/toasts.tsx';
import { plural } from '../text/format.ts';
import { refreshOperations } from './operate.ts';

type Source = Pick<SourceView, 'id' | 'title'>;

/** Starts or stops several sources. */
export async function switchSources(sources: readonly Source[], to: 'start' | 'stop', undoes = false): Promise<void> {
  const { done, failed } = await each(sources, (path) => change('POST', `${path}/${to}`, z.unknown()));
  const word = to === 'start' ? 'started' : 'stopped';
  const back = to === 'start' ? 'stop' : 'start';
  say({
    text: done.length === 0 ? '' : `${plural(done.length, 'source')} ${word}${undoes ? ' again' : ''}.`,
    failed: failed.map((text) => `Not ${word}: ${text}`),
    ...(undoes || done.length === 0
      ? {}
      : { action: { label: 'Undo', run: () => void switchSources(done, back, true) } }),
  });
  await refreshOperations();
}

/** Runs every job of several sources now. */
export async function runSources(sources: readonly Source[]): Promise<void> {
  const { done, failed } = await each(sources, (path) => change('POST', `${path}/run`, runAcceptedSchema));
  say({
    text:
      done.length === 0
        ? ''
        : `${plural(done.length, 'source runs', 'sources run')} now. Their cards show how it goes.`,
    failed: failed.map((text) => `Not run: ${text}`),
  });
  await refreshOperations();
}

async function each(
  sources: readonly Source[],
  act: (path: string) => Promise<unknown>,
): Promise<{ done: Source[]; failed: string[] }> {
  const done: Source[] = [];
  const failed: string[] = [];
  await Promise.all(
    sources.map(async (source) => {
      try {
        await act(`/sources/${encodeURIComponent(source.id)}`);
        done.push(source);
      } catch (error) {
        endSessionOn401(error);
        failed.push(`${source.title}: ${requestErrorOf(error).message}`);
      }
    }),
  );
  return { done, failed };
}

function say({
  text,
  failed,
  action,
}: {
  text: string;
  failed: readonly string[];
  action?: { label: string; run: () => void };
}): void {
  toast({
    tone: failed.length > 0 ? 'failed' : 'done',
    text: [text, ...failed].filter((part) => part !== '').join(' '),
    ...(action ? { action } : {}),
  });
}
