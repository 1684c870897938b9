import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { missingReasons, noSessionReasons } from '../../core/contracts/words/coverage.ts';
import { failureDetailSchema } from '../../core/contracts/words/failure-details.ts';
import { findingEvidenceSchema, priceRules } from '../../core/contracts/words/price-findings.ts';
import { rowFindingSchema } from '../../core/contracts/words/row-findings.ts';
import { runReasons } from '../../core/contracts/words/run-reasons.ts';
import { sourceOf } from '../../core/sources/catalogue.ts';
import { faultSchema } from '../../localstack/upstreams/control.ts';
import { sickFaults } from '../support/faults.ts';

/*
 * docs/reasons.md tells how each fault ends. The faults themselves are driven by the contract tests, by `sickFaults`; here
 * the two are held together, so that neither can change alone.
 */

/** The tables of the page: each row as its cells by the heading of their column. */
function tablesOf(text: string): Record<string, string>[][] {
  return [...text.matchAll(/(?:^\|.*\|\n?)+/gm)].map(([table]) => {
    const [head = [], , ...rows] = table
      .trim()
      .split('\n')
      .map((line) =>
        line
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim()),
      );
    return rows.map((cells) => Object.fromEntries(head.map((name, at) => [name, cells[at] ?? ''])));
  });
}

const tables = tablesOf(readFileSync(new URL('../../docs/reasons.md', import.meta.url), 'utf8'));
const [every = [], ofApis = [], ofPages = []] = tables.filter((rows) => rows[0]?.['fault'] !== undefined);
const reasonIn = (cell = '') =>
  [...cell.matchAll(/`(\w+)`/g)].map(([, word]) => word).find((word) => runReasons.some((reason) => reason === word));
const isOf = (fault: string) => (row: Record<string, string>) => row['fault']?.startsWith(`\`${fault}\``) ?? false;

/** The reason that the page gives: a source's own row before the one for all. */
function told(source: string, fault: string): string | undefined {
  const { title = '', kind } = sourceOf(source) ?? {};
  const own = kind === 'browser' ? ofPages : ofApis.filter((row) => row['source'] === title);
  return reasonIn((own.find(isOf(fault)) ?? every.find(isOf(fault)))?.['the task ends as']);
}

/** The names before a colon that stand in code; behind it are values. */
const figuresIn = (cell = '') => [...(cell.split(':')[0] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name ?? '');

describe('docs/reasons.md', () => {
  it.each(sickFaults.map(({ source, fault, reason }) => [source, fault, reason] as const))(
    'says of %s, %s: %s',
    (source, fault, reason) => {
      expect(told(source, fault)).toBe(reason);
    },
  );

  it('has a row for every fault that the simulator knows', () => {
    const names = faultSchema.options.map((option) => option.shape.fault.value);
    expect(names.length).toBeGreaterThan(15);
    for (const name of names) expect([...every, ...ofApis, ...ofPages].some(isOf(name)), name).toBe(true);
  });

  it('has one row on each rule of prices, and a file has each', () => {
    const table = tables.find((rows) => rows[0]?.['rule'] !== undefined) ?? [];
    expect(table.map((row) => row['rule']).sort()).toEqual(priceRules.map((rule) => `\`${rule}\``).sort());
    for (const rule of priceRules) {
      const file = new URL(`../../core/prices/rules/${rule.replace('_', '-')}.ts`, import.meta.url);
      expect(existsSync(file), rule).toBe(true);
    }
  });

  it.each([
    ['missing', missingReasons],
    ['no session', noSessionReasons],
  ] as const)('has one line on each reason why a session has no bar: %s', (heading, reasons) => {
    const table = tables.find((rows) => rows[0]?.[heading] !== undefined) ?? [];
    expect(table.map((row) => row[heading]).sort()).toEqual(reasons.map((reason) => `\`${reason}\``).sort());
  });

  it.each([
    ['code', failureDetailSchema],
    ['finding', rowFindingSchema],
    ['evidence', findingEvidenceSchema],
  ] as const)('has one line on each %s, with its figures, and on no other', (heading, schema) => {
    const table = tables.find((rows) => rows[0]?.[heading] !== undefined) ?? [];
    const listed = table.map((row) => [row[heading], ...figuresIn(row['figures'])]);
    const known = schema.options.flatMap(({ shape: { code, ...figures } }) =>
      ('options' in code ? code.options : [...code.values]).map((each) => [`\`${each}\``, ...Object.keys(figures)]),
    );
    expect(listed.map(String).sort()).toEqual(known.map(String).sort());
    for (const row of table) expect(row['meaning']?.length, row[heading]).toBeGreaterThan(10);
  });
});
