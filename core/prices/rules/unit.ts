/**
 * Unit of a series: pence among pounds, fils among dinars.
 *
 * Closes that step by about 100 or 1,000 are at different levels. Which level is right, is said by the first witness
 * there is: the stored quote, the price beside the bars in their answer, the newest rows with trades unless they are few
 * against nearly all, another source, a clear majority. A row that a whole level is off is wrong and its prices times the factor are proposed; where only
 * an open, high or low is off, the close stands.
 *
 * No unit is wrong where a split of the ratio explains the step, nor where the bar itself spans the way (a coin that
 * lost 99 %).
 */
import type { FindingProposal, PriceField, PriceWitness } from '../../contracts/words/price-findings.ts';
import type { AssetClass } from '../../market/instrument.ts';
import { isCrash } from './crash.ts';
import type { Finding } from './finding.ts';
import { scalePrices } from './scale.ts';
import {
  barSubject,
  dayOf,
  exRow,
  type PriceAt,
  type Row,
  type Series,
  splitsBetween,
  splitsOf,
  wildClasses,
} from './series.ts';

/** Powers of ten by which units differ. */
const powers = [2, 3] as const;

/** How far a step may be from the power of ten, since the price has moved meanwhile, as a factor. */
const stepSlack = 1.6;
/** The same for a witness, which may be of another time. */
const witnessSlack = 3;

/** The share of the rows that outvotes the rest where no witness is. */
const clearMajority = 0.9;
/** The newest few rows with trades decide, unless this share of all stands against them. */
const [fewRows, fewMajority] = [5, 2 / 3];

/** A witness that is farther from the rows says nothing of their unit. */
const witnessValidMs = 30 * 86_400_000;

/** What may lose three of its zeros from a day on, as a currency does: such a step that stays is only noted. */
const redenominated: ReadonlySet<AssetClass> = new Set([...wildClasses, 'fx']);

/** After all days. */
const lastDay = '9999-12-31';

/** Finds rows and prices in another unit. `explained` are rows in which another rule has found a fault. */
export function checkUnit(series: Series, explained: ReadonlySet<Row>): Finding[] {
  const { rows } = series;
  const levels = levelsOf(series);
  const found: Finding[] = [];
  const anchor = anchorOf(series, levels);
  const right = anchor === null ? null : anchor.level;
  if (redenominated.has(series.assetClass) && right === levels.at(-1) && stepsOnce(levels))
    return stepThatStays(series, levels);
  const mayBeSplit = series.basis === 'raw' && stepsOnce(levels);
  for (const [index, row] of rows.entries()) {
    if (explained.has(row)) continue;
    const level = levels[index] ?? 0;
    if (right === null) {
      found.push({
        rule: 'unit',
        severity: 'doubt',
        subject: barSubject(row),
        evidence: { code: 'unit_undecided', factor: spanOf(levels) },
        proposal: null,
      });
      continue;
    }
    const power = right - level;
    const finding =
      power === 0 ? oddFields(series, index) : wrongRow(row, power, anchor?.witness ?? 'surroundings', mayBeSplit);
    if (finding) found.push(finding);
  }
  return found;
}

/** The nearest power of ten of a unit that a ratio is near to, with its sign; 0 for none. */
export function unitPower(ratio: number, slack: number): number {
  if (!(ratio > 0) || (ratio < 100 / slack && ratio > slack / 100)) return 0;
  for (const power of powers) {
    if (isWithin(ratio / 10 ** power, slack)) return power;
    if (isWithin(ratio * 10 ** power, slack)) return -power;
  }
  return 0;
}

export function isWithin(ratio: number, factor: number): boolean {
  return ratio <= factor && ratio >= 1 / factor;
}

/** The step of a series to a level that it stays at, and that nothing contradicts; none where the market took it. */
function stepThatStays(series: Series, levels: Int8Array): Finding[] {
  const index = levels.findIndex((level) => level !== levels[0]);
  const [row, power] = [series.rows[index], (levels[0] ?? 0) - (levels[index] ?? 0)];
  if (!row || isCrash(series, index)) return [];
  return [{ ...wrongRow(row, power, 'surroundings', true), severity: 'info' }];
}

/** For each row the power of ten by which its close stands above the first one's, by steps of units alone. */
function levelsOf(series: Series): Int8Array {
  const { rows, returns } = series;
  const levels = new Int8Array(rows.length);
  let level = 0;
  for (let index = 1; index < rows.length; index++) {
    const size = Math.abs(returns[index] ?? 0);
    // Below the smallest step of a unit: nearly all rows end here.
    if (size > 4.1) {
      const row = rows[index];
      const before = rows[index - 1];
      if (row && before) {
        const power = unitPower(row.close / before.close, stepSlack);
        if (power !== 0 && !isExplained(series, index, power)) level = Math.max(-9, Math.min(9, level + power));
      }
    }
    levels[index] = level;
  }
  return levels;
}

/** Whether a step is a true one: a split of that ratio, or a way that the bar itself spans where prices may move so. */
function isExplained(series: Series, index: number, power: number): boolean {
  const { rows, actions } = series;
  const [before, row, after] = [rows[index - 1], rows[index], rows[index + 1]];
  if (!before || !row) return false;
  for (const { exDate, ratio } of splitsOf(actions)) {
    const near = Math.abs(exRow(series, exDate) - index) <= 10;
    if (near && isWithin(Math.max(ratio, 1 / ratio) / 10 ** Math.abs(power), stepSlack)) return true;
  }
  // Only a gap on both sides shows a unit there.
  if (!wildClasses.has(series.assetClass)) return false;
  const open = row.open ?? row.close;
  const spans = isWithin(open / before.close, stepSlack * 2);
  return spans && (!after || isWithin((after.open ?? after.close) / row.close, stepSlack * 2));
}

interface Anchor {
  readonly level: number;
  readonly witness: PriceWitness;
}

/** The level that is right, or `null` where rows differ and nothing says which. */
function anchorOf(series: Series, levels: Int8Array): Anchor | null {
  const { evidence } = series;
  for (const [witness, price] of [
    ['stored_quote', evidence.quote],
    ['market_price', evidence.market],
  ] as const) {
    const level = price && levelBy(series, levels, price);
    if (level !== null && level !== undefined && !isOutvoted(series, levels, level)) return { level, witness };
  }
  const first = levels[0] ?? 0;
  if (levels.every((level) => level === first)) {
    const said = (evidence.others ?? [])
      .map((price) => levelBy(series, levels, price))
      .filter((level) => level !== null);
    const other = said[0];
    const agreed = other !== undefined && said.length > 1 && said.every((level) => level === other);
    return { level: agreed ? other : first, witness: 'other_source' };
  }
  const traded = series.rows.findLastIndex((row) => (row.volume ?? 0) > 0);
  const newest = levels[traded];
  if (newest !== undefined) {
    // A few rows at the end against nearly all before them have no more to say than the rest.
    const few = levels.length - 1 - levels.findLastIndex((level) => level !== newest) <= fewRows;
    const majority = few ? majorityOf(levels, fewMajority) : null;
    return majority === null ? { level: newest, witness: 'traded_rows' } : { level: majority, witness: 'surroundings' };
  }
  for (const price of evidence.others ?? []) {
    const level = levelBy(series, levels, price);
    if (level !== null) return { level, witness: 'other_source' };
  }
  const majority = majorityOf(levels, clearMajority);
  return majority === null ? null : { level: majority, witness: 'surroundings' };
}

/**
 * Whether a witness stands alone against a whole series of one level: settled bars of the same source were stored at that
 * level before. A first quote in a wrong unit would make every bar wrong otherwise.
 */
function isOutvoted({ rows, evidence }: Series, levels: Int8Array, level: number): boolean {
  const first = levels[0] ?? 0;
  if (level === first || !evidence.stored || levels.some((each) => each !== first)) return false;
  const closes = new Map(evidence.stored.filter((row) => row.settled).map((row) => [row.startsAt, row.close]));
  const ratios = rows.flatMap((row) => {
    const stored = closes.get(row.at);
    return stored === undefined ? [] : [row.close / stored];
  });
  return ratios.length >= fewRows && ratios.every((ratio) => isWithin(ratio, stepSlack));
}

function majorityOf(levels: Int8Array, share: number): number | null {
  const votes = new Map<number, number>();
  for (const level of levels) votes.set(level, (votes.get(level) ?? 0) + 1);
  return [...votes].find(([, count]) => count >= levels.length * share)?.[0] ?? null;
}

/** The level at which the row nearest to a price in time would agree with it, or `null` where it is too far off to say. */
function levelBy(series: Series, levels: Int8Array, price: PriceAt): number | null {
  const { rows, zone, actions, basis } = series;
  if (!(price.price > 0)) return null;
  const after = rows.findIndex((row) => row.at > price.at);
  const index = after === -1 ? rows.length - 1 : Math.max(0, after - 1);
  const row = rows[index];
  if (!row || !(row.close > 0) || Math.abs(row.at - price.at) > witnessValidMs) return null;
  const rowDay = dayOf(row, zone);
  const priceDay = new Date(price.at).toISOString().slice(0, 10);
  // A price of before a split is in other shares than a row of after it, and than all rows that are adjusted for it.
  const split = splitsBetween(actions, priceDay, basis === 'raw' ? rowDay : lastDay);
  const ratio = price.price / split / row.close;
  if (isWithin(ratio, witnessSlack)) return levels[index] ?? 0;
  // Without the split, too: the source may have adjusted the price already.
  if (split !== 1 && isWithin(price.price / row.close, witnessSlack)) return levels[index] ?? 0;
  const power = unitPower(ratio, witnessSlack);
  return power === 0 ? null : (levels[index] ?? 0) + power;
}

function spanOf(levels: Int8Array): number {
  return 10 ** (Math.max(...levels) - Math.min(...levels));
}

/**
 * Whether a series goes from one level to another and stays: prices as they were traded do so at a split, of which a source
 * that adjusts nothing need not tell.
 */
function stepsOnce(levels: Int8Array): boolean {
  const first = levels.findIndex((level) => level !== levels[0]);
  const last = levels.at(-1);
  return first > fewRows && levels.length - first > fewRows && levels.subarray(first).every((level) => level === last);
}

function wrongRow(row: Row, power: number, witness: PriceWitness, mayBeSplit: boolean): Finding {
  const factor = 10 ** power;
  const right = row.close * factor;
  const fields = fieldsOf(row).filter(([, price]) => isNearer(price * factor, price, right));
  return {
    rule: 'unit',
    severity: mayBeSplit ? 'doubt' : 'wrong',
    subject: barSubject(row),
    evidence: { code: 'other_unit', factor, fields: fields.map(([field]) => field), witness },
    proposal: mayBeSplit
      ? null
      : proposalOf(
          row,
          power,
          fields.map(([field]) => field),
        ),
  };
}

/** An open, high or low that is a unit off its own close. */
function oddFields({ rows, assetClass }: Series, index: number): Finding | null {
  const row = rows[index];
  if (!row) return null;
  const { close, open, high, low } = row;
  const top = Math.max(close, open ?? close, high ?? close);
  const bottom = Math.min(close, open ?? close, low ?? close);
  if (!(bottom > 0) || top / bottom < 30) return null;
  const before = rows[index - 1];
  if (wildClasses.has(assetClass) && before && open !== null && isWithin(open / before.close, witnessSlack))
    return null;
  for (const field of ['open', 'high', 'low'] as const) {
    const price = row[field];
    const power = price === null ? 0 : unitPower(close / price, stepSlack);
    if (power === 0) continue;
    const factor = 10 ** power;
    const fields = fieldsOf(row)
      .filter(([, each]) => isNearer(each * factor, each, close) && unitPower(close / each, stepSlack) === power)
      .map(([name]) => name);
    return {
      rule: 'unit',
      severity: 'doubt',
      subject: barSubject(row),
      evidence: { code: 'other_unit', factor, fields, witness: 'surroundings' },
      proposal: proposalOf(row, power, fields),
    };
  }
  return null;
}

function fieldsOf(row: Row): [PriceField, number][] {
  return (['open', 'high', 'low', 'close'] as const).flatMap((field) => {
    const price = row[field];
    return price === null ? [] : [[field, price] as [PriceField, number]];
  });
}

/** Whether `a` is nearer to `right` than `b`, by their ratios. */
function isNearer(a: number, b: number, right: number): boolean {
  return Math.abs(Math.log(a / right)) < Math.abs(Math.log(b / right));
}

function proposalOf(row: Row, power: number, fields: readonly PriceField[]): FindingProposal {
  const factor = power >= 0 ? `1${'0'.repeat(power)}` : `0.${'0'.repeat(-power - 1)}1`;
  return scalePrices(row, factor, fields, 'unit');
}
