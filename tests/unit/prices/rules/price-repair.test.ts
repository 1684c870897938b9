import { describe, expect, it } from 'vitest';
import type { Bar } from '../../../../core/market/bar.ts';
import type { Finding } from '../../../../core/prices/rules/finding.ts';
import { judgeSeries } from '../../../../core/prices/rules/judge-series.ts';
import { repair } from '../../../../core/prices/rules/repair.ts';
import type { RuleAction, SeriesEvidence, SeriesInput } from '../../../../core/prices/rules/series.ts';
import { adjustBars } from '../../../../core/serving/adjust.ts';
import { repairInput, repairSeries } from '../../../support/price-repair.ts';

const faulty = repairSeries.filter((name) => repairSeries.includes(`${name}-fixed`));
const good = repairSeries.filter((name) => !faulty.includes(name));

/** What the series should have been, with the right price of its last bar stored, or all of it. */
const known: readonly (readonly [string, (right: SeriesInput) => SeriesEvidence])[] = [
  ['nothing known', () => ({})],
  [
    'the right quote known',
    ({ bars }) => {
      const last = bars.toSorted((a, b) => a.startsAt - b.startsAt).at(-1);
      return last ? { quote: { price: Number(last.close), at: last.startsAt } } : {};
    },
  ],
  [
    'the right series stored',
    ({ bars, actions }) => ({
      stored: bars.map(({ startsAt, close }) => ({
        startsAt,
        close: Number(close),
        basisDay: '2026-11-01',
        settled: true,
      })),
      storedActions: actions,
    }),
  ],
];

const rightOf = (name: string) => repairInput(faulty.includes(name) ? `${name}-fixed` : name);

/** The rows whose price the vendor had wrong, and the days of wrong actions and adjusted closes. */
function faultsOf(name: string): { rows: number[]; days: string[] } {
  const [wrong, right] = [repairInput(name), rightOf(name)];
  const closes = new Map(right.bars.map((bar) => [bar.startsAt, Number(bar.close)]));
  const rows = wrong.bars.flatMap((bar) =>
    Math.abs(Number(bar.close) / (closes.get(bar.startsAt) ?? Number.NaN) - 1) < 0.003 ? [] : [bar.startsAt],
  );
  const days = wrong.actions.flatMap(({ type, exDate, value }) =>
    right.actions.some((each) => each.type === type && each.exDate === exDate && each.value === value) ? [] : [exDate],
  );
  return { rows: rows.sort((a, b) => a - b), days };
}

const isOnBar = ({ subject }: Finding) => subject.kind === 'bar';

/** Closes adjusted for splits and dividends, as the API computes them. */
function adjustedCloses(bars: readonly Bar[], actions: readonly RuleAction[]): Map<number, number> {
  const inOrder = bars.toSorted((a, b) => a.startsAt - b.startsAt);
  const stored = inOrder.map((bar) => ({
    ...bar,
    day: bar.date ?? '',
    basis: 'splits' as const,
    basisDay: '2026-11-01',
    basisAt: Date.parse('2026-11-01'),
  }));
  const knownAt = Date.parse('2026-11-01');
  const adjusted = adjustBars(stored, 'splits_and_dividends', {
    splits: [],
    dividends: actions.flatMap(({ type, exDate, value: amount }) =>
      type === 'dividend'
        ? [
            {
              exDate,
              amount,
              knownDay: '2026-11-01',
              knownAt,
              before: stored.findLast((bar) => bar.day < exDate) ?? null,
            },
          ]
        : [],
    ),
    dividendsSplitAdjusted: true,
  });
  return new Map(adjusted.map((bar) => [bar.startsAt, Number(bar.close)]));
}

const isNear = (a: number, b: number) => Math.abs(a / b - 1) <= 0.003;

describe.skipIf(repairSeries.length === 0)('real series of a vendor', () => {
  it('are fourteen', () => {
    expect([faulty.length, good.length]).toEqual([6, 8]);
  });

  describe.each(known)('with %s', (mode, evidenceOf) => {
    it.each(good)('%s, which is right, has no finding', (name) => {
      const input = repairInput(name);
      expect(judgeSeries({ ...input, evidence: evidenceOf(input) })).toEqual([]);
    });

    it.each(faulty)('%s has its faults found, on their rows and no other', (name) => {
      const input = { ...repairInput(name), evidence: evidenceOf(rightOf(name)) };
      const { rows, days } = faultsOf(name);
      const found = judgeSeries(input);
      const foundRows = [...new Set(found.filter(isOnBar).map((finding) => finding.subject.at))];
      expect(foundRows.sort((a, b) => Number(a) - Number(b))).toEqual(rows);
      const foundDays = found.filter((finding) => !isOnBar(finding)).map((finding) => finding.subject.date);
      // The gain that the vendor took off twice is no other than it should be: only its adjusted close is wrong.
      expect([...new Set(foundDays)]).toEqual(name.startsWith('DODFX') ? ['2025-12-18'] : days);
      expect(found.length).toBeGreaterThan(0);
      expect(found.filter((finding) => finding.rule === 'history').length > 0).toBe(
        mode === 'the right series stored' && (rows.length > 0 || days.length > 0),
      );
    });
  });

  it.each(faulty)('%s is repaired to what it should have been', (name) => {
    const [wrong, right] = [repairInput(name), rightOf(name)];
    const { bars, actions } = repair(wrong.bars, wrong.actions, judgeSeries(wrong));
    const rightBars = new Map(right.bars.map((bar) => [bar.startsAt, bar]));
    expect(bars).toHaveLength(right.bars.length);
    for (const bar of bars) {
      const should = rightBars.get(bar.startsAt);
      for (const field of ['open', 'high', 'low', 'close'] as const) {
        const price = bar[field];
        // Where the factor alone gives no possible bar, the field is not known.
        if (price !== null) expect(Math.abs(Number(price) / Number(should?.[field]) - 1), field).toBeLessThan(0.003);
      }
    }
    const unknown = bars.flatMap((bar) => (['open', 'high', 'low'] as const).filter((field) => bar[field] === null));
    expect(unknown).toEqual(name.startsWith('ASAI') ? ['low'] : []);
    const counted = actions.filter((action) => action.type !== 'capital_gain');
    expect(counted).toEqual(right.actions.filter((action) => action.type !== 'capital_gain'));
    for (const [startsAt, close] of adjustedCloses(bars, counted))
      expect(isNear(close, right.adjusted?.get(startsAt) ?? Number.NaN), String(startsAt)).toBe(true);
  });
});
