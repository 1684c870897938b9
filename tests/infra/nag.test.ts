import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { onKafka, type StageName, stages, synthesized, withStreams } from './synthesize.ts';

/** Findings of cdk-nag in a stage, `rule at path`. With `heedless`, those that are acknowledged as well. */
function findings(stage: StageName, { heedless }: { heedless: boolean }): { rule: string; path: string }[] {
  const pack = new AwsSolutionsChecks();
  if (heedless) Object.defineProperty(pack, 'isAcknowledged', { value: () => false });
  return pack
    .validateScope(synthesized(stage).app)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => ({ rule: ruleName, path: constructPath ?? '' })),
    );
}

/** What is acknowledged in a stage: on which construct, which finding, why. */
function acknowledgements(stage: StageName): { rule: string; path: string; reason: string }[] {
  return (
    synthesized(stage)
      .app.node.findAll()
      .flatMap((construct: IConstruct) =>
        construct.node.metadata
          .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
          .flatMap(({ data }) => Object.entries(z.record(z.string(), z.string()).parse(data)))
          .map(([rule, reason]) => ({ rule: rule.replace(/^annotation::/i, ''), path: construct.node.path, reason })),
      )
      // CDK acknowledges findings of its own checks in constructs of its own.
      .filter(({ rule }) => rule.startsWith('AwsSolutions-'))
  );
}

describe.each([...stages, onKafka, withStreams])('in %s', (stage) => {
  it('cdk-nag (AwsSolutions) finds nothing that is not acknowledged', () => {
    expect(findings(stage, { heedless: false })).toEqual([]);
  });

  it('each acknowledgement gives a reason and is still needed', () => {
    const all = findings(stage, { heedless: true });
    const acknowledged = acknowledgements(stage);
    expect(acknowledged.length).toBeGreaterThan(0);
    for (const { rule, path, reason } of acknowledged) {
      expect(reason.length, `${rule} at ${path}`).toBeGreaterThan(40);
      const needed = all.some((finding) => finding.rule === rule && `${finding.path}/`.startsWith(`${path}/`));
      expect(needed, `${rule} at ${path} is acknowledged, but cdk-nag does not find it`).toBe(true);
    }
  });
});
