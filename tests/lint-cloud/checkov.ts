/** What checkov finds in templates, and which of it `.checkov.yaml` gives a reason for. */
import { z } from 'zod';

export interface Finding {
  /** `CKV_AWS_21`. */
  readonly check: string;
  readonly name: string;
  readonly resource: string;
}

const failed = z.object({ check_id: z.string(), check_name: z.string(), resource: z.string() });
const report = z.object({
  results: z.object({ failed_checks: z.array(failed) }),
  summary: z.object({ passed: z.int().min(1), parsing_errors: z.int() }),
});
const answer = z.union([report.transform((one) => [one]), z.array(report)]);

/** The findings of checkov's output as JSON. Throws where it could not read a template, or has looked at nothing. */
export function findingsIn(output: string): Finding[] {
  const reports = answer.parse(JSON.parse(output));
  if (reports.some(({ summary }) => summary.parsing_errors > 0)) throw new Error('checkov could not read a template.');
  return reports.flatMap(({ results }) =>
    results.failed_checks.map((each) => ({ check: each.check_id, name: each.check_name, resource: each.resource })),
  );
}

/** The checks that `.checkov.yaml` skips. Throws for one without a comment above it: its reason. */
export function reasonedChecks(config: string): string[] {
  const lines = config.split('\n');
  return lines.flatMap((line, at) => {
    const check = /^ {2}- (CKV\w+)$/.exec(line)?.[1];
    if (check === undefined) return [];
    if (!/^ {2}# ./.test(lines[at - 1] ?? ''))
      throw new Error(`.checkov.yaml skips ${check} without a reason: write it above.`);
    return [check];
  });
}

/** What was found and has no reason, and what has a reason and was not found. */
export function compareFindings(
  findings: readonly Finding[],
  reasoned: readonly string[],
): { readonly unexplained: readonly Finding[]; readonly unneeded: readonly string[] } {
  return {
    unexplained: findings.filter(({ check }) => !reasoned.includes(check)),
    unneeded: reasoned.filter((each) => !findings.some(({ check }) => check === each)),
  };
}
