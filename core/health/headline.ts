import type { Attention, SystemHealth } from '../contracts/http/health.ts';
import { causeWords } from '../contracts/words/causes.ts';
import type { HealthStatus, SystemStatus } from '../contracts/words/health-status.ts';

/** So many are named; the others are milder. */
const mostNamed = 4;

const systemWords: Readonly<Record<SystemStatus, string>> = {
  failed: 'Failed',
  degraded: 'Degraded',
  unknown: 'Unknown',
  paused: 'Stopped',
  healthy: 'Healthy',
};

const sourceWords: Readonly<Record<HealthStatus, string>> = {
  failed: 'failed',
  degraded: 'degraded',
  limited: 'limited',
  unknown: 'gets no requests',
  paused: 'stopped',
  healthy: 'healthy',
};

/** What a check that warns means, in a few words. One that is not here is called by its name. */
const checkWords: ReadonlyMap<string, string> = new Map([
  ['scheduler:plannedTo', 'the scheduler does not plan as it should'],
  ['incidents:open', 'incidents are open'],
  ['tasks:overdue', 'tasks are overdue'],
  ['quotes:unpartitioned', 'quotes lie in the default partition'],
  ['calendars:validity', 'calendars end soon'],
  ['queues:deadLetters', 'messages are dead letters'],
  ['events:lag', 'events are not published'],
  ['database:migrations', 'migrations are missing'],
  ['database:responseTime', 'the database is slow'],
  ['database:lockWait', 'statements wait for a lock of the database'],
]);

/** The state in a sentence: `Degraded: 3 of 5 sources healthy; Yahoo failed (down), Alpha Vantage stopped.` */
export function headlineOf({ status, sources, attention }: Omit<SystemHealth, 'headline'>): string {
  const unknown = sources.unknown === 0 ? '' : `, ${sources.unknown} not judged`;
  const count = `${sources.healthy} of ${sources.total} ${sources.total === 1 ? 'source' : 'sources'} healthy${unknown}`;
  const named = attention.slice(0, mostNamed).map(inWords);
  const more = attention.length - named.length;
  const list = named.length === 0 ? '' : `; ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return `${systemWords[status]}: ${count}${list}.`;
}

function inWords({ kind, id, title, status, cause, until }: Attention): string {
  if (kind === 'check') return checkWords.get(id) ?? id;
  if (kind === 'service') return `the service ${title} stopped`;
  const known = [cause === null ? null : causeWords[cause], until === null ? null : `until ${clock(until)}`];
  const why = known.filter((each) => each !== null).join(' ');
  return `${title} ${sourceWords[status ?? 'unknown']}${why === '' ? '' : ` (${why})`}`;
}

/** `14:05 UTC`: a hold ends within a day. */
function clock(at: string): string {
  return `${at.slice(11, 16)} UTC`;
}
