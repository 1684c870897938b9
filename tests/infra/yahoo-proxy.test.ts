import { describe, expect, it } from 'vitest';
import { functionsOf, resourcesOf, stages } from './synthesize.ts';

describe.each(stages)('in %s', (stage) => {
  const id = functionsOf(stage).get('yahoo-proxy')?.id ?? 'none';

  it('/yahoo goes to the proxy, all else to the API', () => {
    const paths = new Map(
      resourcesOf(stage, 'AWS::ApiGateway::Resource').map(({ id: resource, resource: { Properties } }) => [
        resource,
        { part: String(Properties['PathPart']), parent: JSON.stringify(Properties['ParentId']) },
      ]),
    );
    const [yahoo] = [...paths].find(([, { part }]) => part === 'yahoo') ?? [];
    expect(yahoo).toBeDefined();
    const methods = resourcesOf(stage, 'AWS::ApiGateway::Method').map(({ resource: { Properties } }) => {
      const on = JSON.stringify(Properties['ResourceId']);
      const [, place] = [...paths].find(([resource]) => on.includes(`"${resource}"`)) ?? [];
      return {
        underYahoo: place?.parent.includes(`"${yahoo}"`) ?? false,
        toProxy: JSON.stringify(Properties['Integration']).includes(`"${id}"`),
      };
    });
    expect(methods.filter(({ underYahoo }) => underYahoo)).toHaveLength(1);
    for (const { underYahoo, toProxy } of methods) expect(toProxy).toBe(underYahoo);
  });

  it('a heartbeat comes every five minutes', () => {
    const [rule] = resourcesOf(stage, 'AWS::Events::Rule').filter(({ resource }) =>
      JSON.stringify(resource.Properties['Targets']).includes(`"${id}"`),
    );
    expect(rule?.resource.Properties['ScheduleExpression']).toBe('rate(5 minutes)');
  });

  it('it answers before API Gateway gives up, which is after 29 seconds', () => {
    expect(functionsOf(stage).get('yahoo-proxy')?.Timeout).toBeLessThan(29);
  });
});
