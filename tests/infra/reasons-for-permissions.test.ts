import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { functionNames } from '../../core/contracts/functions.ts';
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
import { cloudStages, type StageName, synthesized } from './synthesize.ts';

const permissionsIn = (stage: StageName) =>
  permissionsOf(
    Object.values(synthesized(stage).stacks).map(({ template }): unknown => template.toJSON()),
    stage,
  );

/** What to do about a permission that is listed by a test here. */
const help = {
  named: 'write a scenario in tests/permissions that fails without it, or name the page of AWS in documents.ts',
  proven: 'run `npm run least-privilege -- <function>`',
};

describe.each(cloudStages)('in %s', (stage) => {
  it('each permission of a role has a scenario that needs it, or a page of AWS that asks for it', () => {
    const all = permissionsIn(stage);
    expect([...all.keys()].length).toBeGreaterThan(10);
    const unnamed = functionNames.flatMap((fn) =>
      (all.get(fn) ?? [])
        .filter((words) => !documentOf(fn, words))
        .filter((words) => !inLocalCloud(words).every((each) => scenarioOf(fn, each)))
        .map((words) => `${fn}: ${words}`),
    );
    expect(unnamed, help.named).toEqual([]);
  });

  it('none is spare: each was proven by running, or stands in a document', () => {
    expect(reasonsOf(permissionsIn(stage)).spare, help.proven).toEqual([]);
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

it('each document is of a permission that some stage gives', () => {
  const given = cloudStages.flatMap((stage) =>
    [...permissionsIn(stage)].flatMap(([fn, all]) => all.map((words) => `${fn}: ${words}`)),
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
