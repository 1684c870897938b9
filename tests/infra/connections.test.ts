import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { insideFunctions } from '../../core/contracts/functions.ts';
import { databaseSizeNames, mostConnections } from '../../lib/stage-settings.ts';
import {
  cloudStages,
  eventSourcesOf,
  functionsOf,
  onKafka,
  resourcesOf,
  type StageName,
  withStreams,
} from './synthesize.ts';

/** Invocations of a function at once by one poller of Kafka. */
const ofPoller = 5;

/** RDS keeps three connections for superusers and two for its own; five more are for people. */
const notForFunctions = 10;

/**
 * The most containers of each inside function that can be busy at once, each with a pool of one connection. What calls a
 * function is read from the template: queues by their `maxConcurrency`; a rule twice, since a tick may come double. What
 * requests from outside can multiply, the API with its streams and `state`, is capped by the limit of its database role. Of Kafka, a poller
 * starts five at once.
 */
function possibleConnections(stage: StageName): { pipeline: number; capped: number; state: number; callers: number } {
  const sources = eventSourcesOf(stage);
  const byQueue = (name: string) =>
    sources
      .filter(({ functionName }) => functionName === name)
      .reduce((sum, { ScalingConfig }) => sum + (ScalingConfig?.MaximumConcurrency ?? Number.POSITIVE_INFINITY), 0);
  const rules = JSON.stringify(resourcesOf(stage, 'AWS::Events::Rule').map(({ resource }) => resource.Properties));
  const callersOfState = [...functionsOf(stage)].filter(([, { variables }]) => 'STATE_FUNCTION' in variables);
  const limits = functionsOf(stage).get('prepare-database')?.variables ?? {};
  const limitOf = (name: string) => Number(z.string().parse(limits[name]));

  const pollers = z.object({
    FunctionName: z.object({ Ref: z.string() }),
    ProvisionedPollerConfig: z.object({ MaximumPollers: z.int() }),
  });
  const byKafka = (id: string | undefined) =>
    resourcesOf(stage, 'AWS::Lambda::EventSourceMapping')
      .flatMap(({ resource }) => pollers.safeParse(resource.Properties).data ?? [])
      .filter(({ FunctionName }) => FunctionName.Ref === id)
      .reduce((sum, { ProvisionedPollerConfig }) => sum + ofPoller * ProvisionedPollerConfig.MaximumPollers, 0);
  const deployed = insideFunctions.filter((name) => 'DB_HOST' in (functionsOf(stage).get(name)?.variables ?? {}));

  let pipeline = 0;
  const capped = (name: string) =>
    /^quotron_(api|state)$/.test(String(functionsOf(stage).get(name)?.variables['DB_USER']));
  for (const name of deployed.filter((inside) => !capped(inside))) {
    const byRule = rules.includes(`"${functionsOf(stage).get(name)?.id}"`) ? 2 : 0;
    const byDeployment = name === 'migrate' ? 2 : 0;
    const possible = byQueue(name) + byKafka(functionsOf(stage).get(name)?.id) + byRule + byDeployment;
    expect(possible, `${name} is called by something that this test does not know`).toBeGreaterThan(0);
    pipeline += possible;
  }
  const state = limitOf('DB_STATE_CONNECTIONS');
  return {
    pipeline,
    capped: limitOf('DB_API_CONNECTIONS') + state,
    state,
    callers: callersOfState.reduce((sum, [caller]) => sum + byQueue(caller), 0),
  };
}

describe.each([...cloudStages, onKafka, withStreams])('in %s', (stage) => {
  it('all functions at once, old version and new, leave the database connections to spare', () => {
    const [parameters] = resourcesOf(stage, 'AWS::RDS::DBParameterGroup');
    const limit = Number(
      z.object({ Parameters: z.object({ max_connections: z.string() }) }).parse(parameters?.resource.Properties)
        .Parameters.max_connections,
    );
    const { pipeline, capped } = possibleConnections(stage);
    // During a deployment containers of the old version still hold theirs. Those of the roles with a limit are capped
    // whatever happens.
    expect(2 * pipeline + capped).toBeLessThanOrEqual(limit - notForFunctions);
  });

  it('the limit of `state` leaves room for the proxy when every scraper asks it at once', () => {
    const { state, callers } = possibleConnections(stage);
    expect(state).toBeGreaterThan(callers);
  });

  it('the limit is no more than the instance has memory for', () => {
    const [database] = resourcesOf(stage, 'AWS::RDS::DBInstance');
    const [parameters] = resourcesOf(stage, 'AWS::RDS::DBParameterGroup');
    const type = z.string().parse(database?.resource.Properties['DBInstanceClass']);
    const size = databaseSizeNames.find((each) => `db.${each}` === type);
    expect(size).toBeDefined();
    const text = JSON.stringify(parameters?.resource.Properties);
    const limit = Number(/"max_connections":"(\d+)"/.exec(text)?.[1]);
    expect(limit).toBeLessThanOrEqual(mostConnections(size ?? 't4g.micro'));
  });
});
