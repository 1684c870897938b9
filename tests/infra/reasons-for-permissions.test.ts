import { readFileSync } from 'node:fs';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { stageSettings } from '../../bin/stages.ts';
import { functionNames, optionalFunctions } from '../../core/contracts/functions.ts';
import { addQuotron } from '../../lib/add-quotron.ts';
import { documented, documentOf } from '../permissions/documents.ts';
import { permissionsOf } from '../permissions/of-templates.ts';
import {
  figuresStage,
  inLocalCloud,
  provenPermissions,
  reasonsOf,
  securityPage,
  withFigures,
} from '../permissions/proven.ts';
import { scenarioOf, scenarios } from '../permissions/scenarios.ts';
import { builtDashboard, cloudStages, emptyApp, type StageName, synthesized } from './synthesize.ts';

const permissionsIn = (stage: StageName) =>
  permissionsOf(
    Object.values(synthesized(stage).stacks).map(({ template }): unknown => template.toJSON()),
    stage,
  );

/** Those of a stage with what only settings bring. */
const withOptionalFunctions = once(() => {
  const dev = stageSettings('dev', {});
  if (dev.stage === 'local') throw new Error('dev is no laptop');
  const app = emptyApp();
  const asked = { summaryModel: 'amazon.nova-lite-v1:0', alertsFrom: 'alerts@example.com', events: 'kafka' } as const;
  addQuotron(app, { ...dev, ...asked, eventStreams: 5, webFolder: builtDashboard() });
  const stacks = app.node.children.filter(Stack.isStack);
  return permissionsOf(
    stacks.map((stack): unknown => Template.fromStack(stack).toJSON()),
    'dev',
  );
});

function once<Value>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => (made ??= make());
}

const all = [
  ...cloudStages.map((stage) => ({ stage, permissions: () => permissionsIn(stage) })),
  { stage: 'dev with all that is optional', permissions: withOptionalFunctions },
];

/** What to do about a permission that is listed by a test here. */
const help = {
  named: 'write a scenario in tests/permissions that fails without it, or name the page of AWS in documents.ts',
  proven: 'run `npm run least-privilege -- <function>`',
};

describe.each(all)('in $stage', ({ permissions }) => {
  it('each permission of a role has a scenario that needs it, or a page of AWS that asks for it', () => {
    const given = permissions();
    expect([...given.keys()].length).toBeGreaterThan(10);
    const unnamed = functionNames.flatMap((fn) =>
      (given.get(fn) ?? [])
        .filter((words) => !documentOf(fn, words))
        .filter((words) => !inLocalCloud(fn, words).every((each) => scenarioOf(fn, each)))
        .map((words) => `${fn}: ${words}`),
    );
    expect(unnamed, help.named).toEqual([]);
  });

  it('none is spare: each was proven by running, or stands in a document', () => {
    expect(reasonsOf(permissions()).spare, help.proven).toEqual([]);
  });
});

it('what scenarios need is what has been proven by running', () => {
  const needed = new Set(scenarios.flatMap(({ fn, needs }) => needs.map((words) => `${fn}: ${words}`)));
  const proven = Object.entries(provenPermissions()).flatMap(([fn, all]) => all.map((words) => `${fn}: ${words}`));
  expect(proven.toSorted(), help.proven).toEqual([...needed].sort());
});

it('a permission is not named in a document and needed by a scenario at once', () => {
  for (const { fn, needs } of scenarios)
    for (const words of needs) expect(documentOf(fn, words), `${fn}: ${words}`).toBeUndefined();
});

it('optional functions are among those that are looked at', () => {
  for (const fn of optionalFunctions) expect(withOptionalFunctions().has(fn), fn).toBe(true);
});

it('each document is of a permission that some stage gives', () => {
  const given = all.flatMap(({ permissions }) =>
    [...permissions()].flatMap(([fn, own]) => own.map((words) => `${fn}: ${words}`)),
  );
  for (const { of, why } of documented)
    expect(
      given.some((one) => of.test(one)),
      why,
    ).toBe(true);
});

it('docs/security.md says how many are proven by running, how many by document, and that none is spare', () => {
  const page = readFileSync(securityPage, 'utf8');
  expect(page, help.proven).toBe(withFigures(page, reasonsOf(permissionsIn(figuresStage))));
});
