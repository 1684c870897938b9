/*
 * Reads a model as a person brings it. Steps:
 *   1. rows      lines of CSV with or without a heading, or the holdings of a JSON body
 *   2. holdings  symbol, weight and sector of each, or what is wrong with it, by line
 *   3. unit      fractions or percent: as a sign, a heading or the request says, or by the sum; never by a guess
 */
import { Decimal } from 'decimal.js';
import type { ModelFaultView, ModelRequest } from '../contracts/http/models.ts';
import { modelLimits } from '../contracts/http/models.ts';
import type { ModelFault, WeightUnit } from '../contracts/words/model-faults.ts';
import { type DecimalText, decimalFromNumber, decimalFromText } from '../market/decimal.ts';
import { canonicalSymbol } from '../market/symbol.ts';
import { cellsOf } from '../sources/import/lines.ts';
import { sectorNamed } from './sectors.ts';

export interface Holding {
  readonly symbol: string;
  /** A fraction. */
  readonly weight: DecimalText;
  readonly sector: string | null;
}

/** What was read. Where there are faults, the holdings are those without. */
export interface ReadModel {
  readonly holdings: readonly (Holding & { readonly line: number })[];
  readonly unit: WeightUnit | null;
  readonly faults: readonly ModelFaultView[];
  readonly ignoredColumns: readonly string[];
}

interface Row {
  readonly line: number;
  readonly symbol: string;
  readonly weight: string;
  readonly sector: string;
  readonly fault?: 'cells';
}

interface Rows {
  readonly rows: readonly Row[];
  /** As a heading says. */
  readonly unit: WeightUnit | null;
  readonly ignoredColumns: readonly string[];
  readonly fault?: 'no_weight_column';
}

/** The most that one weight may be: ten times the model. */
const mostWeight = 10;
/** How far a sum may be from 1, or from 100, and still say in which unit the weights are. */
const clearly = 0.1;

/** A model of CSV text. */
export function readModelCsv(text: string, unit: WeightUnit | null): ReadModel {
  return readRows(rowsOfCsv(text), unit);
}

/** A model of a JSON body. */
export function readModelJson(request: ModelRequest, unit: WeightUnit | null): ReadModel {
  const rows = request.holdings.map(({ symbol, weight, sector }, index): Row => {
    const text = typeof weight === 'number' ? (decimalFromNumber(weight) ?? '') : weight;
    return { line: index + 1, symbol, weight: text, sector: sector ?? '' };
  });
  return readRows({ rows, unit: null, ignoredColumns: [] }, request.unit ?? unit);
}

/** The sum of weights. */
export function sumOf(weights: readonly DecimalText[]): DecimalText {
  return weights.reduce((sum, weight) => sum.plus(weight), new Decimal(0)).toFixed();
}

function readRows({ rows, unit: unitOfHeading, ignoredColumns, fault }: Rows, asked: WeightUnit | null): ReadModel {
  const faults: ModelFaultView[] = [];
  const complain = (line: number | null, code: ModelFault, given = '') =>
    faults.push({ line, code, given: given.slice(0, 64) });
  if (fault) complain(1, fault);
  else if (rows.length === 0) complain(null, 'empty');
  if (rows.length > modelLimits.holdings) complain(null, 'too_many', String(rows.length));
  const seen = new Set<string>();
  let signs = 0;
  const weights: DecimalText[] = [];
  const read = rows.slice(0, modelLimits.holdings).flatMap((row) => {
    const { line } = row;
    if (row.fault) {
      complain(line, row.fault);
      return [];
    }
    const before = faults.length;
    const symbol = canonicalSymbol(row.symbol);
    if (row.symbol.trim() === '') complain(line, 'symbol_missing');
    else if (symbol === null) complain(line, 'symbol_malformed', row.symbol);
    else if (seen.has(symbol)) complain(line, 'symbol_twice', symbol);
    else seen.add(symbol);
    const sign = row.weight.includes('%');
    const weight = decimalFromText(row.weight.replace(/\s*%\s*$/, ''));
    if (row.weight.trim() === '') complain(line, 'weight_missing');
    else if (weight === null || weight.length > 30) complain(line, 'weight_malformed', row.weight);
    else if (weight.startsWith('-')) complain(line, 'weight_range', row.weight);
    else {
      weights.push(weight);
      if (sign) signs += 1;
    }
    const sector = sectorNamed(row.sector);
    if ((sector?.length ?? 0) > modelLimits.sector) complain(line, 'sector_long', row.sector);
    return faults.length > before || symbol === null || weight === null ? [] : [{ line, symbol, weight, sector }];
  });
  const sum = sumOf(weights);
  const unit = unitOf({ asked, heading: unitOfHeading, signs, weights: weights.length, sum });
  if (unit === 'mixed') complain(null, 'unit_mixed');
  else if (unit === null && faults.length === 0) complain(null, 'unit_unclear', sum);
  const holdings = read.map(({ line, symbol, weight, sector }) => ({
    line,
    symbol,
    weight: new Decimal(weight).div(unit === 'percent' ? 100 : 1).toFixed(),
    sector,
  }));
  for (const { line, weight } of unit === 'fraction' || unit === 'percent' ? holdings : [])
    if (new Decimal(weight).gt(mostWeight)) complain(line, 'weight_range', weight);
  const atLine = (each: ModelFaultView) => each.line ?? 0;
  const known = unit === 'mixed' ? null : unit;
  return { holdings, unit: known, faults: faults.toSorted((a, b) => atLine(a) - atLine(b)), ignoredColumns };
}

/**
 * In which unit weights are. What was asked for counts, unless signs contradict it; then signs, where all have one; then the
 * heading, unless the sum contradicts it; then the sum. `null` where nothing says it.
 */
function unitOf(said: {
  readonly asked: WeightUnit | null;
  readonly heading: WeightUnit | null;
  readonly signs: number;
  readonly weights: number;
  readonly sum: DecimalText;
}): WeightUnit | 'mixed' | null {
  if (said.asked !== null) return said.asked === 'fraction' && said.signs > 0 ? 'mixed' : said.asked;
  // A sign on some weights only leaves the others in doubt.
  if (said.signs > 0) return said.signs < said.weights ? 'mixed' : 'percent';
  const shown = bySum(said.sum);
  if (said.heading === null) return shown;
  return shown === null || shown === said.heading ? said.heading : null;
}

/** The unit that a sum shows: near to 1 it is of fractions, near to 100 of percent. Anything else may be either. */
function bySum(text: DecimalText): WeightUnit | null {
  const sum = new Decimal(text);
  const near = (whole: number) => sum.div(whole).minus(1).abs().lte(clearly);
  if (near(1)) return 'fraction';
  return near(100) ? 'percent' : null;
}

const symbolHeadings = new Set(['symbol', 'ticker', 'security', 'instrument']);
const weightHeading = /^(target |model )?(weight|weighting|allocation|percent|percentage|share|%)\b|^%$/;
const percentHeading = /%|percent|pct/;
const sectorHeadings = new Set(['sector', 'gics sector']);

/** Lines of CSV: cells between commas, semicolons or tabs; a heading where its first line names the columns. */
function rowsOfCsv(text: string): Rows {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
  const first = lines.findIndex((line) => line.trim() !== '');
  if (first === -1) return { rows: [], unit: null, ignoredColumns: [] };
  const heading = lines[first] ?? '';
  const separator = heading.includes('\t') ? '\t' : heading.includes(';') ? ';' : ',';
  const names = (cellsOf(heading, separator) ?? []).map((cell) => cell.trim().toLowerCase().replaceAll('_', ' '));
  const symbolAt = names.findIndex((name) => symbolHeadings.has(name));
  const weightAt = names.findIndex((name) => weightHeading.test(name));
  const hasHeading = symbolAt !== -1 && names.every((name) => decimalFromText(name.replace('%', '')) === null);
  if (hasHeading && weightAt === -1) return { rows: [], unit: null, ignoredColumns: [], fault: 'no_weight_column' };
  const sectorAt = hasHeading ? names.findIndex((name) => sectorHeadings.has(name)) : 2;
  const at = hasHeading ? { symbol: symbolAt, weight: weightAt } : { symbol: 0, weight: 1 };
  const rows = lines.flatMap((line, index): Row[] => {
    if (line.trim() === '' || (hasHeading && index <= first)) return [];
    const cells = cellsOf(line, separator);
    const fits = cells !== null && cells.length <= (hasHeading ? names.length : 3);
    const cell = (place: number) => cells?.[place]?.trim() ?? '';
    // `AAPL,12,5` has a decimal comma, or three columns: nobody can tell.
    const unclear = !hasHeading && decimalFromText(cell(2)) !== null;
    if (!fits || unclear) return [{ line: index + 1, symbol: '', weight: '', sector: '', fault: 'cells' }];
    const given = cell(at.weight);
    const weight = separator === ',' ? given : given.replace(/^([+-]?\d+),(\d+\s*%?)$/, '$1.$2');
    return [{ line: index + 1, symbol: cell(at.symbol), weight, sector: cell(sectorAt) }];
  });
  return {
    rows,
    unit: hasHeading && percentHeading.test(names[weightAt] ?? '') ? 'percent' : null,
    ignoredColumns: hasHeading
      ? names.filter((name, place) => name !== '' && ![symbolAt, weightAt, sectorAt].includes(place)).slice(0, 20)
      : [],
  };
}
