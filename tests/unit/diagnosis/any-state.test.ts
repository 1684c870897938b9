import { describe, expect, it } from 'vitest';
import { noteBelow, type Sample } from '../../../core/contracts/http/diagnostics.ts';
import { failureDetailSchema, plainFailureCodes } from '../../../core/contracts/words/failure-details.ts';
import { healthStatuses } from '../../../core/contracts/words/health-status.ts';
import { quarantineReasons } from '../../../core/contracts/words/quarantine-reasons.ts';
import { runReasons } from '../../../core/contracts/words/run-reasons.ts';
import { serviceIds } from '../../../core/contracts/words/services.ts';
import { diagnose } from '../../../core/diagnosis/diagnose.ts';
import type { DiagnosisFacts, IncidentFact, SourceFacts, TaskFact } from '../../../core/diagnosis/facts.ts';
import { reportOf } from '../../../core/diagnosis/report.ts';
import { catalogue } from '../../../core/sources/catalogue.ts';
import { at, facts, minutesAgo, source, task } from '../../support/diagnosis-facts.ts';
import { type Random, randomFrom } from '../../support/random.ts';

/** What a source may make of its answers, names and messages: no character of it may have an effect. */
const hostile =
  'MARK `x` <b>bold</b> [link](http://evil.example) ![p](x.png)\n# Heading\n| a | b |\n\u202eMARK \u001b[31m $(rm -rf) &lt; https://evil.example/?apikey=ABCDEFGH12345678';
const details = [
  ...plainFailureCodes.map((code) => ({ code })),
  ...[404, 418, 429, 500, 503].map((status) => ({ code: 'http_status', status })),
  { code: 'bot_challenge', wall: hostile.slice(0, 100) },
  { code: 'schema_mismatch', paths: [hostile.slice(0, 100)] },
  { code: 'held', seconds: 90 },
  { code: 'minute_quota' },
  { code: 'day_quota', seconds: 5 },
  { code: 'members_changed', joined: 9, left: 9, unknown: 9, of: 30 },
].map((each) => failureDetailSchema.parse(each));

const orNull = <T>(random: Random, value: T): T | null => (random.chance(0.3) ? null : value);
const some = <T>(random: Random, most: number, make: () => T): T[] =>
  Array.from({ length: random.between(0, most) }, make);

function sampleOf(random: Random): Sample {
  const finding = { code: 'price_ratio', ratio: 10 ** random.between(-9, 9), to: 'stored' } as const;
  return {
    at: new Date(minutesAgo(random.between(0, 1_000))).toISOString(),
    runId: orNull(random, '0198a7c0-0000-5000-8000-000000000001'),
    symbol: orNull(random, hostile),
    detail: orNull(random, random.pick(details) ?? null),
    finding: orNull(random, finding),
    message: orNull(random, hostile.repeat(random.between(1, 40))),
    blobKey: orNull(random, `raw/${hostile}`),
    artifacts: some(random, 3, () => hostile),
  };
}

function taskOf(random: Random): TaskFact {
  const ok = random.chance(0.4);
  return task({
    ok,
    minutes: random.between(0, 1_400),
    job: random.pick(['quotes', 'daily-bars']) ?? 'quotes',
    reason: ok ? null : orNull(random, random.pick(runReasons) ?? 'down'),
    detail: ok ? null : orNull(random, random.pick(details) ?? null),
    message: ok ? null : orNull(random, hostile),
    symbols: some(random, 5, () => hostile),
    attempted: random.chance(0.8),
    accepted: random.between(0, 9),
    rejected: random.between(0, 9),
    blobKey: orNull(random, `raw/${hostile}`),
    artifacts: some(random, 2, () => hostile),
  });
}

function incidentOf(random: Random): IncidentFact {
  return {
    reason: random.pick(runReasons) ?? 'down',
    openedAt: minutesAgo(random.between(0, 9_000)),
    lastSeenAt: minutesAgo(random.between(-60, 60)),
    resolvedAt: orNull(random, minutesAgo(random.between(0, 60))),
    count: random.between(0, 1_000_000),
    samples: some(random, 3, () => sampleOf(random)),
  };
}

function sourceOf(random: Random, id: string, title: string): SourceFacts {
  const tasks = some(random, 12, () => taskOf(random)).sort((a, b) => b.at - a.at);
  return source({
    ...{ id, title, tasks },
    kind: random.pick(['api', 'browser'] as const) ?? 'api',
    signsIn: random.pick(['cookie-crumb', 'api-key', 'form-login', 'browser-form-login', null]) ?? null,
    credentials: orNull(random, { isSet: random.chance(0.7), changedAt: orNull(random, minutesAgo(500)) }),
    login: random.chance(0.1)
      ? { detail: random.pick(details) ?? { code: 'unspecified' }, until: orNull(random, minutesAgo(-50)) }
      : null,
    paused: random.chance(0.15),
    status: random.pick(healthStatuses) ?? 'unknown',
    reason: orNull(random, random.pick(runReasons) ?? 'down'),
    score: orNull(random, random.between(0, 100)),
    trend: some(random, 24, () => orNull(random, random.between(-5, 120))),
    lastSuccessAt: orNull(random, minutesAgo(random.between(-60, 100_000))),
    heldUntil: orNull(random, minutesAgo(random.between(-700, 5))),
    breaker: random.pick(['closed', 'open', 'half_open']) ?? 'closed',
    quota: { day: { used: random.between(0, 200), limit: 100 }, minute: { used: random.between(0, 20), limit: 10 } },
    quarantine: some(random, 3, () => ({
      runId: (random.pick(tasks) ?? task()).runId,
      job: 'quotes',
      reason: random.pick(quarantineReasons) ?? 'schema',
      count: random.between(1, 500),
      at: minutesAgo(random.between(0, 100)),
      symbols: some(random, 5, () => hostile),
      samples: some(random, 10, () => sampleOf(random)),
    })),
    incidents: some(random, 3, () => incidentOf(random)),
    recoveries: some(random, 2, () => ({
      status: random.pick(['verified', 'failed', 'mitigated', 'running']) ?? 'failed',
      strategy: null,
      reason: orNull(random, random.pick(runReasons) ?? 'down'),
      detail: null,
      requestedAt: minutesAgo(random.between(0, 90)),
      finishedAt: orNull(random, minutesAgo(random.between(0, 90))),
    })),
    overdue: random.chance(0.2) ? random.between(1, 900) : 0,
  });
}

function stateOf(seed: number): DiagnosisFacts {
  const random = randomFrom(seed);
  const sources = catalogue.map(({ id, title }) => sourceOf(random, id, title));
  const calendar = { id: 'XNYS', validThrough: '2026-12-31', daysLeft: random.between(-5, 39) };
  const before = random.chance(0.5) ? diagnose(facts(sources.toReversed())) : null;
  return facts(sources, {
    services: serviceIds.map((id) => ({
      id,
      running: random.chance(0.85),
      changedAt: orNull(random, minutesAgo(30)),
      stoppedUntil: orNull(random, minutesAgo(-30)),
    })),
    queues: orNull(random, [{ name: 'ingest', waiting: 3, inFlight: 1, dead: random.between(0, 2) }]),
    plannedTo: orNull(random, minutesAgo(random.pick([0, 1, 20, -30, 100_000]) ?? 0)),
    partitions: { strays: random.between(0, 1), lastMonth: orNull(random, '2026-11') },
    calendars: random.chance(0.2) ? [calendar] : [],
    previous: before && { ...before, createdAt: new Date(minutesAgo(60)).toISOString() },
  });
}

/** The parts of a line that are in no code span. */
const outside = (line: string) => line.replaceAll(/`[^`]*`/g, '');

describe('the report of any state', () => {
  it('is bounded, whole and plain, and text of sources has no effect in it', () => {
    for (let seed = 1; seed <= 400; seed++) {
      const state = stateOf(seed);
      const diagnosis = diagnose(state);
      const markdown = reportOf(diagnosis);
      const said = `seed ${seed}`;
      expect(diagnosis, said).toEqual(diagnose(state));
      expect(markdown.length, said).toBeLessThan(80_000);
      for (const line of markdown.split('\n')) {
        expect(outside(line), said).not.toMatch(/MARK|evil|<b>|\]\(|!\[|\$\(/);
        expect(outside(line), `${said}: ${line}`).not.toMatch(/\b(?:NaN|undefined|null|Infinity|Invalid)\b|\[object/);
        expect(line.split('`').length % 2, `${said}: ${line}`).toBe(1);
      }
      for (const hidden of ['\u202e', '\u001b', 'ABCDEFGH12345678'])
        expect(markdown.includes(hidden), said).toBe(false);

      const keys = diagnosis.findings.map(({ rule, title, sources, reasons, samples }) =>
        JSON.stringify([rule, title, sources, reasons, rule === 'unexplained' ? samples : null]),
      );
      expect(new Set(keys).size, `${said}: ${keys.join('\n')}`).toBe(keys.length);
      // The paused are left in peace, and of the sick none is passed over.
      for (const { id, status, paused, credentials } of state.sources) {
        const found = diagnosis.findings.filter(({ sources }) => sources.includes(id));
        if (!paused && credentials?.isSet !== false && (status === 'failed' || status === 'degraded'))
          expect(found.length, `${said}: ${id}`).toBeGreaterThan(0);
      }
      const faults = diagnosis.findings.filter(({ effect }) => effect >= noteBelow);
      for (const { title, advice } of faults) {
        expect(markdown, said).toContain(`### ${title}`);
        expect(advice.length, `${said}: ${title}`).toBeGreaterThan(0);
      }
      expect(diagnosis.headline.includes('No fault was found'), said).toBe(faults.length === 0);
      expect(Date.parse(diagnosis.createdAt)).toBe(at);
    }
  });
});
