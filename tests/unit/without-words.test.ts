import { beforeAll, describe, expect, it } from 'vitest';
import type { Failure } from '../../core/contracts/failure.ts';
import type { Sample } from '../../core/contracts/http/diagnostics.ts';
import { type FailureDetail, failureDetailSchema } from '../../core/contracts/words/failure-details.ts';
import { quarantineReasons } from '../../core/contracts/words/quarantine-reasons.ts';
import { type RowFinding, rowFindingSchema } from '../../core/contracts/words/row-findings.ts';
import { diagnose } from '../../core/diagnosis/diagnose.ts';
import type { DiagnosisFacts, SourceFacts, TaskFact } from '../../core/diagnosis/facts.ts';
import { judgeSource } from '../../core/health/judge.ts';
import type { SourceFacts as JudgedFacts } from '../../core/health/source-facts.ts';
import { systemHealth } from '../../core/health/system.ts';
import { failedStep, proofOf } from '../../core/recovery/proof.ts';
import { recoveryKinds, strategyFor } from '../../core/recovery/strategy.ts';
import { bad, good, judgedFacts, tuesdayAtEleven as now } from '../support/ended-tasks.ts';
import { everyFailure } from '../support/every-failure.ts';
import { wordless } from '../support/wordless.ts';

/*
 * No rule depends on the wording of a message: every failure is judged, diagnosed and recovered from with its message,
 * and with `x` in its place. tests/contract does the same with all faults of the simulated sources, all the way.
 */

let failures: readonly Failure[];
beforeAll(async () => {
  failures = await everyFailure();
});

const minute = 60_000;

/** Codes whose failures come from a database, another process or the clock: the contract tests have them. */
const made: readonly FailureDetail['code'][] = [
  'attempt_lost', 'backfill_cancelled', 'blob_damaged', 'blob_missing', 'canary_symbol_unknown', 'heartbeat_failed', 'listings_old',
  'no_heartbeat', 'not_run_yet', 'partly_old', 'proxy_paused', 'recently_failed', 'renewal_stuck',
  'rows_rejected', 'runs_unplanned', 'service_stopped', 'slow_answers', 'some_rows_rejected', 'unsteady',
]; // biome-ignore format: a list to read

function task(failure: Failure, minutes: number): TaskFact {
  return {
    ...{ job: 'quotes', ok: false, ...failure, at: now - minutes * minute, runId: `run-${minutes}`, symbols: ['A'] },
    ...{ accepted: 0, rejected: 0, attempted: true, blobKey: 'raw/x/1.json.gz', artifacts: [] },
  };
}

const blank: Omit<SourceFacts, 'id' | 'tasks' | 'quarantine' | 'incidents'> = {
  ...{
    title: 'A source',
    kind: 'api',
    quoteJobs: ['quotes'],
    signsIn: null,
    credentials: null,
    login: null,
    paused: false,
    status: 'failed',
    reason: null,
    detail: null,
  },
  ...{ score: 10, trend: [10], lastSuccessAt: null, heldUntil: null, breaker: 'closed', recoveries: [], overdue: 0 },
  quota: { day: { used: 1, limit: 1000 }, minute: { used: 1, limit: 60 } },
};

/** One source that fails now, one that is known by an open incident alone, and one that is up again but answered. */
function facts(failure: Failure): DiagnosisFacts {
  const sample: Sample = {
    ...{ at: new Date(now).toISOString(), runId: null, symbol: null, detail: failure.detail, finding: null },
    ...{ message: failure.message, blobKey: null, artifacts: [] },
  };
  const incident = { reason: failure.reason, openedAt: now - minute, lastSeenAt: now, resolvedAt: null, count: 2 };
  const rows = { reason: 'unit_suspect', runId: 'run-1', job: 'quotes', count: 1, at: now, symbols: ['A'] } as const;
  const found = { ...sample, detail: null, finding: { code: 'price_ratio', ratio: 100, to: 'stored' } as const };
  const tasks = [1, 2, 3].map((minutes) => task(failure, minutes));
  const sources: SourceFacts[] = [
    { ...blank, id: 'failing', tasks, quarantine: [], incidents: [] },
    { ...blank, id: 'with-rows', tasks, quarantine: [{ ...rows, samples: [found] }], incidents: [] },
    { ...blank, id: 'remembered', tasks: [], quarantine: [], incidents: [{ ...incident, samples: [sample] }] },
  ];
  return {
    ...{ at: now, sources, services: [], queues: [], plannedTo: now, partitions: { strays: 0, lastMonth: null } },
    ...{ calendars: [], proxy: { id: 'yahoo-proxy', pause: null, incidents: [], recoveries: [] }, previous: null },
    ...{ earlier: [], served: [] },
    system: systemHealth({ sources: [], stopped: [], silent: false, warnings: [] }),
  };
}

function judge(facts: JudgedFacts) {
  const jobs = [{ id: 'quotes', kind: 'quotes', periodMs: minute, isDue: () => true }] as const;
  const source = { id: 'yahoo', needsCredentials: false, perDay: 1_000, latenessMs: 30 * minute, jobs };
  return judgeSource(source, facts, now, () => 0.5);
}

function judged(failure: Failure): JudgedFacts {
  const ends = [3, 2, 1].map((minutes) =>
    bad(failure.reason, { ...failure, endedAt: now - minutes * minute, runId: `run-${minutes}` }),
  );
  return judgedFacts([...ends.toReversed(), good({ endedAt: now - 4 * minute })], { unjudged: ends });
}

describe('without their messages', () => {
  it('all failures that code can end in are looked at: a code that none has is no code', () => {
    const codes = new Set(failures.map(({ detail }) => detail.code));
    const known = failureDetailSchema.options.flatMap(({ shape: { code } }) => [
      ...('options' in code ? code.options : code.values),
    ]);
    expect([...codes, ...made].sort()).toEqual(
      known.filter((code) => code !== 'unspecified' || codes.has(code)).sort(),
    );
    for (const failure of failures) expect(failureDetailSchema.safeParse(failure.detail).error).toBeUndefined();
    expect(failures.length).toBeGreaterThan(60);
  });

  it('failures have the same cause', () => {
    for (const failure of failures)
      expect(diagnose(wordless(facts(failure))), JSON.stringify(failure)).toEqual(wordless(diagnose(facts(failure))));
  });

  it('rows in quarantine have the same cause', () => {
    for (const reason of quarantineReasons)
      for (const finding of findings) {
        const source = facts(anyFailure).sources[1];
        const [rows] = source?.quarantine ?? [];
        if (!source || !rows) throw new Error('The facts have a source with rows in quarantine.');
        const samples = rows.samples.map((sample) => ({ ...sample, finding, message: said(finding) }));
        const of = { ...facts(anyFailure), sources: [{ ...source, quarantine: [{ ...rows, reason, samples }] }] };
        expect(diagnose(wordless(of))).toEqual(wordless(diagnose(of)));
      }
  });

  it('they make the same health, breaker and incidents', () => {
    for (const failure of failures)
      expect(wordless(judge(wordless(judged(failure)))), JSON.stringify(failure)).toEqual(
        wordless(judge(judged(failure))),
      );
  });

  it('they are recovered from in the same way, and prove the same', () => {
    for (const failure of failures) {
      const result = { succeeded: false, failure, accepted: 0, newestAsOf: null };
      expect(proofOf(wordless(result), now)).toEqual(wordless(proofOf(result, now)));
      expect(wordless(failedStep(wordless(failure)))).toEqual(wordless(failedStep(failure)));
      for (const kind of recoveryKinds)
        expect(strategyFor(kind, wordless(failure).reason)).toBe(strategyFor(kind, failure.reason));
    }
  });
});

const anyFailure: Failure = { reason: 'down', detail: { code: 'connection_failed' }, message: 'It was interrupted.' };
const findings: readonly RowFinding[] = [
  { code: 'price_ratio', ratio: 100, to: 'stored' },
  { code: 'price_ratio', ratio: 3, to: 'previous_close' },
  { code: 'invalid_fields', fields: ['price'] },
  { code: 'isolated_price' },
  { code: 'unspecified' },
].map((each) => rowFindingSchema.parse(each));

/** What the checks say, whose wording a rule once matched. */
function said(finding: RowFinding): string {
  return finding.code === 'price_ratio' ? `The price is ${finding.ratio} times the stored one.` : 'Something is wrong.';
}
