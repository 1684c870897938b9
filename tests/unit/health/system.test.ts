import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, scoreInWords } from '../../../cli/health.ts';
import { gravityOf, healthStatuses, isUnhealthy } from '../../../core/contracts/words/health-status.ts';
import { serviceIds } from '../../../core/contracts/words/services.ts';
import { checkStatusOf, type SystemFacts, type SystemSource, systemHealth } from '../../../core/health/system.ts';
import { shownSystem } from '../../../web/src/sources/system.ts';

type Status = SystemSource['status'];

const source = (id: string, status: Status, score: number | null = 100): SystemSource => {
  const why = status === 'failed' ? 'down' : null;
  return { id, title: id, status, reason: why, cause: why, heldUntil: null, score, unplanned: false };
};
const system = (statuses: readonly Status[], differs: Partial<SystemFacts> = {}) =>
  systemHealth({
    sources: statuses.map((status, place) => source(`s${place}`, status)),
    stopped: [],
    silent: false,
    warnings: [],
    ...differs,
  });
const five = (first: Status, others: Status): Status[] => [first, others, others, others, others];

describe('the system score', () => {
  it.each<[readonly Status[], number, string, string | null]>([
    [five('healthy', 'healthy'), 100, 'healthy', null],
    [five('healthy', 'degraded'), 60, 'degraded', 'share_working'],
    [five('healthy', 'limited'), 60, 'degraded', 'share_working'],
    [five('healthy', 'failed'), 20, 'failed', 'share_working'],
    [five('limited', 'limited'), 50, 'degraded', 'share_working'],
    [five('failed', 'failed'), 0, 'failed', 'share_working'],
    [five('degraded', 'healthy'), 79, 'degraded', 'not_all_healthy'],
    [five('failed', 'healthy'), 79, 'degraded', 'not_all_healthy'],
    [five('paused', 'healthy'), 79, 'degraded', 'not_all_healthy'],
    [five('healthy', 'paused'), 20, 'paused', 'share_working'],
    [five('unknown', 'healthy'), 100, 'healthy', null],
    [['failed', 'paused', 'paused'], 0, 'failed', 'share_working'],
  ])('of %j is %i: %s, held by %s', (statuses, score, status, cap) => {
    const found = system(statuses);
    expect([found.score, found.status, found.cap?.rule ?? null]).toEqual([score, status, cap]);
  });

  it('is held at 39 while nothing is collected, by a person or not', () => {
    for (const service of ['scheduler', 'scrapers', 'ingest'] as const) {
      const found = system(five('healthy', 'healthy'), { stopped: [service] });
      expect([found.score, found.status, found.cap]).toEqual([39, 'paused', { rule: 'nothing_collected', most: 39 }]);
      expect(found.attention[0]).toMatchObject({ kind: 'service', id: service });
    }
    expect(system(['unknown', 'unknown'], { stopped: ['scrapers'] })).toMatchObject({ score: 39, status: 'paused' });
    const silent = system(five('healthy', 'healthy'), { silent: true, warnings: ['scheduler:plannedTo'] });
    expect([silent.score, silent.status, silent.attention[0]?.kind]).toEqual([39, 'failed', 'check']);
  });

  it('has no cap of its own where the mean is lower', () => {
    const found = systemHealth({
      sources: [source('a', 'degraded', 45), source('b', 'degraded', 41), source('c', 'healthy')],
      ...{ stopped: [], silent: false, warnings: [] },
    });
    expect([found.mean, found.score, found.cap]).toEqual([62, 62, null]);
  });

  it('takes a healthy source for 80 at least: what failed before speaks no more against it', () => {
    const facts = { stopped: [], silent: false, warnings: [] };
    expect(systemHealth({ sources: [source('a', 'healthy', 30)], ...facts })).toMatchObject({ score: 80 });
  });

  it('is not known before a source was judged, and that is no fault', () => {
    const found = system(['unknown', 'unknown']);
    expect([found.score, found.status, checkStatusOf(found)]).toEqual([null, 'unknown', 'pass']);
  });

  it('a source that is due and gets no requests is named', () => {
    const facts = { stopped: [], silent: false, warnings: [] };
    const unplanned = { ...source('b', 'unknown'), unplanned: true };
    const found = systemHealth({ sources: [source('a', 'healthy'), unplanned], ...facts });
    expect([found.score, found.status, found.attention.map(({ id }) => id)]).toEqual([79, 'degraded', ['b']]);
  });
});

describe('whatever the state of sources and services', () => {
  const facts = fc.record({
    sources: fc
      .array(fc.tuple(fc.constantFrom(...healthStatuses), fc.option(fc.integer({ min: 0, max: 100 })), fc.boolean()), {
        minLength: 5,
        maxLength: 5,
      })
      .map((all) =>
        all.map(([status, score, unplanned], place) => {
          return { ...source(`s${place}`, status, score), unplanned: unplanned && status === 'unknown' };
        }),
      ),
    stopped: fc.subarray([...serviceIds]),
    silent: fc.boolean(),
  });
  const check = (holds: (facts: SystemFacts) => void) =>
    fc.assert(
      fc.property(facts, (of) => holds({ ...of, warnings: of.silent ? ['scheduler:plannedTo'] : [] })),
      { numRuns: 3_000 },
    );

  it('headline, score, /health, exit code and the dashboard say the same', () => {
    check((of) => {
      const found = systemHealth(of);
      const { status, score, cap, mean, headline, attention } = found;
      const health = checkStatusOf(found);
      const well = status === 'healthy' || status === 'unknown';
      expect(exitCodeOf({ status: health })).toBe(well ? 0 : 1);
      expect(health).toBe(status === 'failed' ? 'fail' : well ? 'pass' : 'warn');
      expect(attention.length === 0).toBe(well);
      const word = {
        failed: 'Failed',
        degraded: 'Degraded',
        unknown: 'Unknown',
        paused: 'Stopped',
        healthy: 'Healthy',
      };
      expect(headline.startsWith(`${word[status]}: `)).toBe(true);
      const shown = shownSystem(found);
      expect([shown.status, shown.sentence, shown.score]).toEqual([status, headline, score]);
      expect(shown.held?.includes(`held at ${cap?.most} `) ?? null).toBe(cap === null ? null : true);
      expect(shown.healthy).toBe(`${found.sources.healthy} of ${found.sources.total} healthy`);
      expect(scoreInWords(found).startsWith(score === null ? 'not known' : `${score} of 100`)).toBe(true);
      if (status === 'healthy') expect(score).toBeGreaterThanOrEqual(80);
      else if (score !== null) expect(score).toBeLessThan(80);
      if (status === 'failed' || status === 'paused') expect(score).toBeLessThan(40);
      else if (score !== null) expect(score).toBeGreaterThanOrEqual(40);
      if (cap !== null) expect([score, cap.most < (mean ?? 101)]).toEqual([cap.most, true]);
      else expect(score).toBe(score === null ? null : mean);
    });
  });

  it('everything that is not well is named, the worst first', () => {
    check((of) => {
      const { attention } = systemHealth(of);
      const named = attention.flatMap(({ kind, status }) => (kind === 'source' && status ? [gravityOf(status)] : []));
      expect(named).toEqual(named.toSorted((a, b) => a - b));
      const sick = of.sources.filter(({ status }) => isUnhealthy(status)).map(({ id }) => id);
      expect(attention.map(({ id }) => id)).toEqual(expect.arrayContaining([...sick, ...of.stopped]));
    });
  });

  it('a source that gets worse never raises the score', () => {
    check((of) => {
      const before = systemHealth(of).score;
      const [first, ...others] = of.sources;
      if (first === undefined || first.status === 'unknown' || first.status === 'paused') return;
      const worse = systemHealth({ ...of, sources: [{ ...first, status: 'failed' }, ...others] }).score;
      expect(worse ?? 0).toBeLessThanOrEqual(before ?? 0);
    });
  });
});
