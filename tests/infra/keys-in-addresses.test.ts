import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { resourcesOf, stages, withStreams } from './synthesize.ts';

/*
 * A feed token stands in the address. So nothing that the cloud logs or traces by itself may have the path of a request,
 * its query or its headers; `resourcePath` is the template, `/{proxy+}`.
 */

const stageSchema = z.looseObject({
  AccessLogSetting: z.object({ Format: z.string() }).optional(),
  MethodSettings: z.array(
    z.looseObject({ LoggingLevel: z.string().optional(), DataTraceEnabled: z.boolean().optional() }),
  ),
  TracingEnabled: z.boolean().optional(),
});

/** Variables of an access log that hold nothing of what a client has written. */
const harmless = new Set([
  ...[
    'requestId',
    'identity.sourceIp',
    'identity.user',
    'identity.caller',
    'requestTime',
    'httpMethod',
    'resourcePath',
  ],
  ...['status', 'protocol', 'responseLength', 'extendedRequestId', 'integrationLatency', 'responseLatency'],
]);

const variablesOf = (format: string) => [...format.matchAll(/\$context\.([\w.]+)/g)].map(([, name = '']) => name);

it('a format with the path of a request is one that would be found', () => {
  expect(variablesOf('{"path":"$context.path"}').filter((name) => !harmless.has(name))).toEqual(['path']);
});

describe.each([...stages, withStreams])('in %s', (stage) => {
  it('no log of API Gateway and no trace has the address of a request', () => {
    const found = resourcesOf(stage, 'AWS::ApiGateway::Stage').map(({ resource }) =>
      stageSchema.parse(resource.Properties),
    );
    expect(found).toHaveLength(1);
    for (const { AccessLogSetting, MethodSettings, TracingEnabled } of found) {
      expect(variablesOf(AccessLogSetting?.Format ?? '').filter((name) => !harmless.has(name))).toEqual([]);
      for (const { LoggingLevel = 'OFF', DataTraceEnabled = false } of MethodSettings)
        expect([LoggingLevel === 'INFO', DataTraceEnabled]).toEqual([false, false]);
      expect(TracingEnabled ?? false).toBe(false);
    }
  });

  it('CloudFront writes no log, which would have the addresses', () => {
    for (const { resource } of resourcesOf(stage, 'AWS::CloudFront::Distribution')) {
      expect(JSON.stringify(resource.Properties)).not.toContain('"Logging"');
      expect(JSON.stringify(resource.Properties)).not.toContain('RealtimeLogConfigArn');
    }
    expect(resourcesOf(stage, 'AWS::Logs::DeliverySource')).toEqual([]);
  });

  it('no function logs the events that it gets', () => {
    for (const { resource } of resourcesOf(stage, 'AWS::Lambda::Function'))
      expect(JSON.stringify(resource.Properties['Environment'] ?? {})).not.toContain('POWERTOOLS_LOGGER_LOG_EVENT');
  });
});
