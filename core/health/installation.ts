import type { HealthView, SystemHealth } from '../contracts/http/health.ts';
import { causeOf } from '../contracts/words/causes.ts';
import type { FailureDetail } from '../contracts/words/failure-details.ts';
import { isUnhealthy } from '../contracts/words/health-status.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';
import type { ServiceId } from '../contracts/words/services.ts';
import { calendarDaysLeft, calendarWarnings, type Venue } from '../market/calendar.ts';
import { clockToleranceMs } from '../planning/wrong-clock.ts';
import type { SourceDefinition } from '../sources/definition.ts';
import { heldUntil } from './holds.ts';
import { overdueAfterMs } from './judge.ts';
import { type StoredStatus, shownStatus } from './shown-status.ts';
import { lockedDatabaseCheck, type SystemSource, schedulerCheck, slowDatabaseCheck, systemHealth } from './system.ts';

/** The state of the installation itself, as the database has it. */
export interface InstallationFacts {
  /** Migrations applied. */
  readonly migrations: number;
  /** Rows of `quote` without a monthly partition, up to 1000. */
  readonly unpartitioned: number;
  /** Tasks that were due more than 15 minutes ago and have no outcome, nor wait for a quota, their source or a person. */
  readonly overdue: number;
  /** Incidents that are open. */
  readonly incidents: number;
  /** Up to when the planner has planned; `null` before its first tick, and while a person has stopped it. */
  readonly plannedTo: Date | null;
  readonly newestQuoteAt: Date | null;
  /** The longest that a session waits for a lock of another one, in milliseconds; 0 where none does. */
  readonly lockWaitMs: number;
  /** For how long the oldest event has waited for the relay, in seconds; 0 where none waits. */
  readonly eventsLagSeconds: number;
  /** Of all listings. */
  readonly venues: readonly Venue[];
}

/** What is stored of a source. */
export interface InstalledSource extends StoredStatus {
  readonly sourceId: string;
  readonly reason: RunReason | null;
  readonly score: number | null;
  readonly detail: FailureDetail;
  /** End of the pause that the source asked for, and requests that count against the day's quota. */
  readonly heldUntil: Date | null;
  readonly dayUsed: number;
}

export interface Installation {
  readonly catalogue: readonly SourceDefinition[];
  /** Whether a source is asked only once a person has set its credentials. */
  needsCredentials(source: SourceDefinition): boolean;
  /** Of the catalogue; one without a row is not there yet. */
  readonly rows: readonly InstalledSource[];
  /** The services that were ever switched. */
  readonly services: readonly { readonly serviceId: ServiceId; readonly running: boolean }[];
  readonly facts: InstallationFacts;
  /** What the quickest of some statements took, in milliseconds: the database's own pace, and not that of one statement. */
  readonly answerMs: number;
  /** Messages in dead-letter queues; `null` where the queues were not asked. */
  readonly deadLetters: number | null;
  /** In milliseconds since the epoch. */
  readonly now: number;
}

type Checks = HealthView['checks'];
type Check = Checks[string][number];

/** The health of the installation with the checks that it rests on: the one judgement behind /health, its history and the report. */
export function judgeInstallation(of: Installation): { system: SystemHealth; checks: Checks } {
  const { catalogue, rows, facts, now } = of;
  const stopped = of.services.filter((service) => !service.running).map((service) => service.serviceId);
  const sources = catalogue.flatMap((source) => {
    const row = rows.find(({ sourceId }) => sourceId === source.id);
    return row ? [systemSource(source, row, of.needsCredentials(source), now)] : [];
  });
  const silent = facts.plannedTo !== null && now - facts.plannedTo.getTime() > overdueAfterMs;
  const checks = new Map<string, Check>([
    ['database:migrations', { status: facts.migrations ? 'pass' : 'warn', observedValue: facts.migrations }],
    [slowDatabaseCheck, paceCheck(of.answerMs)],
    [lockedDatabaseCheck, lockCheck(facts.lockWaitMs)],
    ['services:stopped', stoppedCheck(stopped)],
    ['incidents:open', counted(facts.incidents, 'GET /incidents?status=open lists them with their evidence.')],
    [schedulerCheck, scheduler(facts, now, silent)],
    ['tasks:overdue', counted(facts.overdue, 'Tasks due more than 15 minutes ago have no outcome.')],
    ['events:lag', eventsCheck(facts.eventsLagSeconds, stopped)],
    ['queues:deadLetters', counted(of.deadLetters, 'Messages kept failing: `quotron diagnose` says why.')],
    [
      'quotes:unpartitioned',
      counted(facts.unpartitioned, 'Rows lie in the default partition: the function maintain has not run.'),
    ],
    ['calendars:validity', calendarCheck(now, facts.venues)],
    ['quotes:lastConfirmed', { status: 'pass', observedValue: facts.newestQuoteAt?.toISOString() ?? null }],
  ]);
  const warning = [...checks].filter(([name, { status }]) => status !== 'pass' && name !== 'services:stopped');
  const system = systemHealth({ sources, stopped, silent, warnings: withoutSources(warning, sources) });
  return { system, checks: Object.fromEntries([['sources:health', [sourcesCheck(system)]], ...asLists(checks)]) };
}

/** Statements of /health take some milliseconds. */
const slowAnswerMs = 2_000;
/** No transaction of ours holds a lock for so long that others wait longer. */
const longLockWaitMs = 5_000;

function paceCheck(answerMs: number): Check {
  const observedValue = Math.round(answerMs);
  if (answerMs < slowAnswerMs) return { status: 'pass', observedValue };
  const output = `The database takes ${inSeconds(answerMs)} for a statement of milliseconds: look at its processor, memory and disk.`;
  return { status: 'warn', observedValue, output };
}

function lockCheck(waitMs: number): Check {
  const observedValue = Math.round(waitMs);
  if (waitMs < longLockWaitMs) return { status: 'pass', observedValue };
  const output = `A statement has waited ${inSeconds(waitMs)} for a lock of another session of the database.`;
  return { status: 'warn', observedValue, output };
}

/** The relay runs each minute, and at once after an ingest. */
const longEventsLagSeconds = 300;

/** While a person has stopped the relay, events wait as they should. */
function eventsCheck(lagSeconds: number, stopped: readonly ServiceId[]): Check {
  const observedValue = Math.round(lagSeconds);
  if (lagSeconds < longEventsLagSeconds || stopped.includes('relay')) return { status: 'pass', observedValue };
  const output = `The oldest event has waited ${observedValue} s to be published: docs/runbook.md, "Events are not published".`;
  return { status: 'warn', observedValue, output };
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

function systemSource(source: SourceDefinition, row: InstalledSource, needs: boolean, now: number): SystemSource {
  const { id, title, quota } = source;
  const { score, detail } = row;
  const status = shownStatus(row, needs);
  const asked = !needs || row.credentialsSet;
  const unplanned = status === 'unknown' && asked && detail.code === 'runs_unplanned';
  const reason = status === 'paused' || status === 'unknown' ? null : row.reason;
  const cause = isUnhealthy(status) && status !== 'paused' ? causeOf(reason, detail) : null;
  const until = status === 'limited' ? heldUntil(quota.perDay, row, now) : null;
  return { id, title, status, reason, cause, heldUntil: until, score, unplanned };
}

/** A source that is named already stands for its incidents. */
function withoutSources(warning: readonly [string, Check][], sources: readonly SystemSource[]): string[] {
  const named = sources.some(({ status }) => status !== 'healthy' && status !== 'unknown');
  return warning.map(([name]) => name).filter((name) => !named || name !== 'incidents:open');
}

function asLists(checks: ReadonlyMap<string, Check>): [string, Check[]][] {
  return [...checks].map(([name, check]) => [name, [check]]);
}

function sourcesCheck({ attention }: SystemHealth): Check {
  const sources = attention.filter(({ kind }) => kind === 'source');
  const withStatus = (...of: (string | null)[]) =>
    sources.filter(({ status }) => of.includes(status)).map(({ id }) => id);
  const failed = withStatus('failed');
  return {
    status: sources.length > 0 ? 'warn' : 'pass',
    observedValue: {
      failed,
      unwell: withStatus('degraded', 'limited'),
      paused: withStatus('paused'),
      unplanned: withStatus('unknown'),
    },
    ...(failed.length > 0 ? { output: `Failed: ${failed.join(', ')}. GET /sources/{id}/health says why.` } : {}),
  };
}

function stoppedCheck(stopped: readonly ServiceId[]): Check {
  if (stopped.length === 0) return { status: 'pass', observedValue: [] };
  const output = `Stopped: ${stopped.join(', ')}. POST /services/{id}/start starts one.`;
  return { status: 'warn', observedValue: [...stopped], output };
}

function counted(count: number | null, output: string): Check {
  return count !== null && count > 0
    ? { status: 'warn', observedValue: count, output }
    : { status: 'pass', observedValue: count };
}

function scheduler({ plannedTo }: InstallationFacts, now: number, silent: boolean): Check {
  const observedValue = plannedTo?.toISOString() ?? null;
  if (silent) {
    const output = 'Nothing was planned for 15 minutes: the function schedule gets no ticks, or fails.';
    return { status: 'warn', observedValue, output };
  }
  if (plannedTo !== null && plannedTo.getTime() - now > clockToleranceMs) {
    const output =
      'Runs are planned for a time that has not come: a clock was ahead, or is. The next tick whose time is right plans again.';
    return { status: 'warn', observedValue, output };
  }
  return { status: 'pass', observedValue };
}

/** Behind its last date a calendar knows no holidays. */
function calendarCheck(now: number, venues: readonly Venue[]): Check {
  const ending = calendarWarnings(now, venues);
  const observedValue = calendarDaysLeft(now, venues);
  if (ending.length === 0) return { status: 'pass', observedValue };
  const left = ending.map(({ id, daysLeft }) => `${id} ${daysLeft}`).join(', ');
  const output = `Days left of the exchanges' calendars: ${left}. Generate them again: docs/runbook.md, "Calendars about to end".`;
  return { status: 'warn', observedValue, output };
}
