import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { insideFunctions } from '../../core/contracts/settings.ts';
import { cloudStages, eventSourcesOf, functionsOf, resourcesOf, type StageName } from './synthesize.ts';

/** RDS keeps three connections for superusers and two for its own; five more are for people. */
const notForFunctions = 10;

/**
 * The most containers of each inside function that can be busy at once, each with a pool of one connection. What calls a
 * function is read from the template: queues by their `maxConcurrency`; a rule twice, since a tick may come double;
 * `state` once per scraper that waits for it; the API by the limit of its database role.
 */
function possibleConnections(stage: StageName): { pipeline: number; api: number } {
  const sources = eventSourcesOf(stage);
  const byQueue = (name: string) =>
    sources
      .filter(({ functionName }) => functionName === name)
      .reduce((sum, { ScalingConfig }) => sum + (ScalingConfig?.MaximumConcurrency ?? Number.POSITIVE_INFINITY), 0);
  const rules = JSON.stringify(resourcesOf(stage, 'AWS::Events::Rule').map(({ resource }) => resource.Properties));
  const callersOfState = [...functionsOf(stage)].filter(([, { variables }]) => 'STATE_FUNCTION' in variables);
  const apiConnections = functionsOf(stage).get('prepare-database')?.variables['DB_API_CONNECTIONS'];

  let pipeline = 0;
  for (const name of insideFunctions.filter((inside) => inside !== 'api')) {
    const byRule = rules.includes(`"${functionsOf(stage).get(name)?.id}"`) ? 2 : 0;
    const byCall = name === 'state' ? callersOfState.reduce((sum, [caller]) => sum + byQueue(caller), 0) : 0;
    const byDeployment = name === 'migrate' ? 2 : 0;
    const possible = byQueue(name) + byRule + byCall + byDeployment;
    expect(possible, `${name} is called by something that this test does not know`).toBeGreaterThan(0);
    pipeline += possible;
  }
  return { pipeline, api: Number(z.string().parse(apiConnections)) };
}

describe.each(cloudStages)('in %s', (stage) => {
  test('all functions at once, old version and new, leave the database connections to spare', () => {
    const [parameters] = resourcesOf(stage, 'AWS::RDS::DBParameterGroup');
    const limit = Number(
      z.object({ Parameters: z.object({ max_connections: z.string() }) }).parse(parameters?.resource.Properties)
        .Parameters.max_connections,
    );
    const { pipeline, api } = possibleConnections(stage);
    // During a deployment containers of the old version still hold theirs. The API's are capped whatever happens.
    expect(2 * pipeline + api).toBeLessThanOrEqual(limit - notForFunctions);
  });

  test('the limit is no more than the instance has memory for', () => {
    const [database] = resourcesOf(stage, 'AWS::RDS::DBInstance');
    const [parameters] = resourcesOf(stage, 'AWS::RDS::DBParameterGroup');
    // RDS's own default is memory / 9531392 bytes, of which the system takes about a fifth.
    const memory = { 'db.t4g.micro': 1024 ** 3, 'db.t4g.small': 2 * 1024 ** 3 };
    const size = z.enum(['db.t4g.micro', 'db.t4g.small']).parse(database?.resource.Properties['DBInstanceClass']);
    const text = JSON.stringify(parameters?.resource.Properties);
    const limit = Number(/"max_connections":"(\d+)"/.exec(text)?.[1]);
    expect(limit).toBeLessThanOrEqual((memory[size] * 0.8) / 9_531_392);
  });
});
