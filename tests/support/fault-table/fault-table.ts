import { z } from 'zod';
import { faults } from './catalogue.ts';

/** What a report of Vitest in JSON says of a test. */
export const testedSchema = z.object({
  status: z.string(),
  fullName: z.string(),
  /** See `notRunHere`. */
  meta: z.object({ notRunHere: z.string().optional() }).optional(),
});

/** A test that was reported, with its file. */
export interface Tested extends z.infer<typeof testedSchema> {
  /** Relative to the root. */
  readonly file: string;
}

export interface FaultRow {
  readonly number: number;
  readonly name: string;
  /** Of its tests, each once. */
  readonly files: readonly string[];
  readonly verdict: string;
  /** It has no test, or one that failed. */
  readonly wrong: boolean;
}

/** The faults that the name of a test says it injects. */
function faultsOf(fullName: string): number[] {
  return [...fullName.matchAll(/\[fault (\d+(?:, \d+)*)\]/g)].flatMap(([, numbers = '']) =>
    numbers.split(', ').map(Number),
  );
}

/** What the tests that were run say of each fault of the catalogue. */
export function faultTable(tested: readonly Tested[]): FaultRow[] {
  const of = faults.map(({ number, name, comesWith }): FaultRow => {
    const tests = tested.filter(({ fullName }) => faultsOf(fullName).includes(number));
    const files = [...new Set(tests.map(({ file }) => file))];
    if (tests.length === 0 && comesWith !== undefined)
      return { number, name, files, verdict: `comes with ${comesWith}`, wrong: false };
    return { number, name, files, ...verdictOf(tests) };
  });
  const known = new Set(faults.map(({ number }) => number));
  const strange = tested.flatMap(({ fullName, file }) =>
    faultsOf(fullName)
      .filter((number) => !known.has(number))
      .map((number) => ({ number, name: fullName, files: [file], verdict: 'not in the catalogue', wrong: true })),
  );
  return [...of, ...strange];
}

function verdictOf(tests: readonly Tested[]): Pick<FaultRow, 'verdict' | 'wrong'> {
  const notRun = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');
  const whys = [...new Set(notRun.map(({ meta }) => meta?.notRunHere ?? 'skipped'))].join('; ');
  if (tests.length === 0) return { verdict: 'no test', wrong: true };
  if (tests.some(({ status }) => status === 'failed')) return { verdict: 'fails', wrong: true };
  if (notRun.length === tests.length) return { verdict: `not run here: ${whys}`, wrong: false };
  return { verdict: notRun.length === 0 ? 'holds' : `holds; in part not run here: ${whys}`, wrong: false };
}

/** The table in lines. */
export function faultLines(rows: readonly FaultRow[]): string[] {
  const widest = Math.max(...rows.map(({ name }) => name.length));
  return rows.map(({ number, name, files, verdict }) =>
    [
      String(number).padStart(2),
      name.padEnd(widest),
      verdict,
      files.map((file) => file.replace(/^tests\//, '')).join(', '),
    ]
      .join('  ')
      .trimEnd(),
  );
}
