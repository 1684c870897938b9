import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareFindings, findingsIn, reasonedChecks } from '../lint-cloud/checkov.ts';

const config = readFileSync(join(import.meta.dirname, '../../.checkov.yaml'), 'utf8');

const reportOf = (...checks: string[]) => ({
  results: {
    failed_checks: checks.map((check) => ({ check_id: check, check_name: 'Ensure it', resource: 'AWS::X.Y' })),
  },
  summary: { passed: 3, parsing_errors: 0 },
});

describe('.checkov.yaml', () => {
  it('gives a reason for each check that it skips', () => {
    const listed = config.match(/^ *- /gm) ?? [];
    expect(reasonedChecks(config)).toHaveLength(listed.length);
    expect(new Set(reasonedChecks(config)).size).toBe(listed.length);
    expect(listed.length).toBeGreaterThan(10);
  });

  it('is refused with a check that has none', () => {
    expect(() => reasonedChecks('skip-check:\n  # Why.\n  - CKV_AWS_1\n  - CKV_AWS_2\n')).toThrow('CKV_AWS_2');
  });
});

describe('what checkov finds', () => {
  it('is wrong without a reason, and a reason is wrong that nothing needs', () => {
    const findings = findingsIn(JSON.stringify(reportOf('CKV_AWS_1', 'CKV_AWS_3')));
    const { unexplained, unneeded } = compareFindings(findings, ['CKV_AWS_1', 'CKV_AWS_2']);
    expect(unexplained.map(({ check }) => check)).toEqual(['CKV_AWS_3']);
    expect(unneeded).toEqual(['CKV_AWS_2']);
  });

  it('is nothing to go by where a template could not be read, or none was', () => {
    const broken = { ...reportOf(), summary: { passed: 3, parsing_errors: 1 } };
    expect(() => findingsIn(JSON.stringify([reportOf(), broken]))).toThrow('could not read');
    expect(() => findingsIn('{"passed": 0, "failed": 0}')).toThrow();
  });
});
