/** A stage that streams events: a function of its own behind the paths of `/events`, and one without. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { stageSettings } from '../../bin/stages.ts';
import { mostStreams, streamGraceMs, streamLastsMs, usualStreams } from '../../core/contracts/events/following.ts';
import { streamsBroken } from '../../core/contracts/metrics.ts';
import { neededExecutions } from '../../lib/executions.ts';
import { permissionsOf } from '../permissions/of-templates.ts';
import {
  cloudStages,
  functionsOf,
  resourcesOf,
  type StageName,
  stages,
  synthesized,
  withStreams,
} from './synthesize.ts';

const methodSchema = z.object({
  HttpMethod: z.string(),
  ResourceId: z.looseObject({ Ref: z.string().default('') }),
  Integration: z.object({
    Uri: z.unknown().optional(),
    ResponseTransferMode: z.string().default('BUFFERED'),
    TimeoutInMillis: z.number().optional(),
  }),
});

/** Each method of the REST API by its path, with the function that answers. */
function methodsOf(stage: StageName) {
  const resources = new Map(resourcesOf(stage, 'AWS::ApiGateway::Resource').map(({ id, resource }) => [id, resource]));
  const pathOf = (id: string): string => {
    const properties = resources.get(id)?.Properties;
    if (!properties) return '';
    const parent = z.object({ Ref: z.string() }).safeParse(properties['ParentId']).data?.Ref ?? '';
    return `${pathOf(parent)}/${String(properties['PathPart'])}`;
  };
  const functions = [...functionsOf(stage)];
  return resourcesOf(stage, 'AWS::ApiGateway::Method').map(({ resource }) => {
    const { HttpMethod, ResourceId, Integration } = methodSchema.parse(resource.Properties);
    const uri = JSON.stringify(Integration.Uri ?? null);
    const answering = functions.filter(([, { id }]) => uri.includes(`"${id}"`)).map(([name]) => name);
    return {
      ...{ path: pathOf(ResourceId.Ref), method: HttpMethod, answering: answering.join(), uri },
      ...{ mode: Integration.ResponseTransferMode, timeoutMs: Integration.TimeoutInMillis },
    };
  });
}

describe.each(stages)('%s, whose owner sets nothing', (stage) => {
  it('has no function of streams, and hands on no answer before it is whole', () => {
    expect(functionsOf(stage).has('stream-events')).toBe(false);
    const methods = methodsOf(stage);
    expect(methods.length).toBeGreaterThan(2);
    for (const { path, mode } of methods) {
      expect(mode, path).toBe('BUFFERED');
      expect(path).not.toContain('events');
    }
  });
});

describe('a stage that streams events', () => {
  const methods = methodsOf(withStreams);

  it('answers /events by a function of its own, whose answer API Gateway hands on as it comes, and nothing else by it', () => {
    const streamed = methods.filter(({ mode }) => mode === 'STREAM');
    expect(streamed.map(({ path, method, answering }) => [path, method, answering])).toEqual([
      ['/api/v1/events', 'ANY', 'stream-events'],
      ['/api/v1/k/{key}/events', 'ANY', 'stream-events'],
    ]);
    for (const { uri } of streamed) expect(uri).toMatch(/2021-11-15\/functions\/.*\/response-streaming-invocations/);
    expect(methods.filter(({ answering }) => answering === 'stream-events')).toEqual(streamed);
    expect(methods.find(({ path }) => path === '/{proxy+}')?.answering).toBe('api');
  });

  it('waits for a stream to its end, and so does its function: within what API Gateway takes for streams', () => {
    const fn = functionsOf(withStreams).get('stream-events');
    const lastsMs = streamLastsMs + streamGraceMs;
    expect((fn?.Timeout ?? 0) * 1_000).toBeGreaterThan(lastsMs);
    for (const { mode, timeoutMs = 0 } of methods)
      if (mode === 'STREAM') expect([timeoutMs > lastsMs, timeoutMs <= 900_000]).toEqual([true, true]);
  });

  it('its function is small, inside, and may log in to the database as the API does, and nothing else', () => {
    const [made] = resourcesOf(withStreams, 'AWS::Lambda::Function').filter(
      ({ resource }) => resource.Properties['FunctionName'] === 'quotron-prod-stream-events',
    );
    expect(made?.resource.Properties['MemorySize']).toBe(256);
    const fn = functionsOf(withStreams).get('stream-events');
    expect(fn?.VpcConfig?.SecurityGroupIds).toEqual(functionsOf(withStreams).get('api')?.VpcConfig?.SecurityGroupIds);
    expect(fn?.variables).toMatchObject({ DB_USER: 'quotron_api', QUOTRON_EVENT_STREAMS: String(usualStreams) });
    const permissions = permissionsOf(
      Object.values(synthesized(withStreams).stacks).map(({ template }): unknown => template.toJSON()),
      'prod',
    );
    const usual = /^(logs:.* on log|(ec2|xray):.* on \*)$/;
    expect(permissions.get('stream-events')?.filter((words) => !usual.test(words))).toEqual([
      'rds-db:connect on user quotron_api',
    ]);
  });

  it('the API knows the number, to show it', () => {
    expect(functionsOf(withStreams).get('api')?.variables).toMatchObject({
      QUOTRON_EVENT_STREAMS: String(usualStreams),
    });
    expect(functionsOf('prod').get('api')?.variables).not.toHaveProperty('QUOTRON_EVENT_STREAMS');
  });

  it('its log goes after as many days as others', () => {
    const days = resourcesOf(withStreams, 'AWS::Logs::LogGroup')
      .filter(({ resource }) => /stream-events$|prod-api$/.test(String(resource.Properties['LogGroupName'])))
      .map(({ resource }) => resource.Properties['RetentionInDays']);
    expect(days).toEqual([90, 90]);
  });

  it('errors of its function raise the alarm of the API’s functions', () => {
    const id = functionsOf(withStreams).get('stream-events')?.id ?? 'none';
    const alarms = resourcesOf(withStreams, 'AWS::CloudWatch::Alarm')
      .map(({ resource }) => JSON.stringify(resource.Properties))
      .filter((text) => text.includes(`"${id}"`));
    expect(alarms).toHaveLength(1);
    expect(alarms[0]).toContain('"Errors"');
    expect(alarms[0], 'and what breaks after the answer began, which is no error of the function').toContain(
      `"MetricName":"${streamsBroken}"`,
    );
    expect(alarms[0]).toContain('[{"Name":"service","Value":"quotron"},{"Name":"stage","Value":"prod"}]');
    expect(alarms[0]).toContain('runbook.md#function-errors');
  });

  it('a stream of minutes is not taken for a slow answer: the alarm looks at the other functions', () => {
    const slow = (stage: StageName) => {
      const alarms = resourcesOf(stage, 'AWS::CloudWatch::Alarm').map(({ resource }) =>
        JSON.stringify(resource.Properties),
      );
      return alarms.find((text) => text.includes('"5XXError"')) ?? '';
    };
    expect(slow('prod')).toContain('"Latency"');
    expect(slow(withStreams)).not.toContain('"Latency"');
    const functions = functionsOf(withStreams);
    for (const name of ['api', 'yahoo-proxy', 'set-credentials'])
      expect(slow(withStreams), name).toContain(`"${functions.get(name)?.id}"`);
    expect(slow(withStreams)).not.toContain(`"${functions.get('stream-events')?.id}"`);
    expect(slow(withStreams)).toContain('"p95"');
  });

  it('the preflight of its deployment counts a container for each stream', () => {
    const without = neededExecutions(stageSettings('dev', {}));
    expect(neededExecutions(stageSettings('dev', { QUOTRON_EVENT_STREAMS: '7' }))).toBe(without + 7);
  });
});

describe.each(cloudStages)('the setting of %s', (stage) => {
  const of = (value: string) => {
    const settings = stageSettings(stage, {
      ...{ QUOTRON_ALARM_EMAIL: 'operator@example.com', QUOTRON_EVENT_STREAMS: value },
    });
    return settings.stage === 'local' ? undefined : settings.eventStreams;
  };

  it('is off, on, or a number', () => {
    expect(['', 'off', 'on', '1', String(mostStreams)].map(of)).toEqual([0, 0, usualStreams, 1, mostStreams]);
  });

  it.each(['0', '-1', 'yes', '5.5', String(mostStreams + 1)])('refuses %s', (value) => {
    expect(() => of(value)).toThrow(`QUOTRON_EVENT_STREAMS is "${value}"`);
  });
});
