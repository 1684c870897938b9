import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contentSecurityPolicy } from '../../core/contracts/security-headers.ts';
import { cloudStages, resourcesOf } from './synthesize.ts';

/** Ids that AWS gives to policies of its own, the same in every account. */
const cachingDisabled = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
const allViewerHeadersButHost = 'b689b0a8-53d0-40ab-baf2-68738e2966ac';

const behaviour = z.object({
  PathPattern: z.string(),
  AllowedMethods: z.array(z.string()),
  CachePolicyId: z.string(),
  OriginRequestPolicyId: z.string(),
  TargetOriginId: z.string(),
  ViewerProtocolPolicy: z.string(),
});
const distribution = z.object({
  DistributionConfig: z.object({
    CacheBehaviors: z.array(behaviour),
    DefaultCacheBehavior: z.object({ ResponseHeadersPolicyId: z.unknown(), ViewerProtocolPolicy: z.string() }),
    Origins: z.array(
      z.object({ Id: z.string(), OriginPath: z.unknown().optional(), OriginAccessControlId: z.unknown().optional() }),
    ),
    CustomErrorResponses: z.array(z.unknown()).optional(),
  }),
});

describe.each(cloudStages)('in %s', (stage) => {
  const config = () =>
    distribution.parse(resourcesOf(stage, 'AWS::CloudFront::Distribution')[0]?.resource.Properties).DistributionConfig;

  it('the API and the proxy are reached as they are: every method and header, nothing cached, the stage in front', () => {
    expect(
      config()
        .CacheBehaviors.map(({ PathPattern }) => PathPattern)
        .sort(),
    ).toEqual(['/api/*', '/yahoo/*']);
    for (const each of config().CacheBehaviors) {
      expect(each.CachePolicyId).toBe(cachingDisabled);
      expect(each.OriginRequestPolicyId).toBe(allViewerHeadersButHost);
      expect(each.AllowedMethods).toEqual(expect.arrayContaining(['GET', 'POST', 'PUT', 'DELETE']));
      expect(each.ViewerProtocolPolicy).not.toBe('allow-all');
      const origin = config().Origins.find(({ Id }) => Id === each.TargetOriginId);
      expect(JSON.stringify(origin?.OriginPath)).toMatch(/DeploymentStage/);
    }
  });

  it('an error of the API stays the API’s: no page is put in its place', () => {
    expect(config().CustomErrorResponses).toBeUndefined();
  });

  it('the page’s files come from a private bucket, with the security headers', () => {
    expect(config().Origins.some(({ OriginAccessControlId }) => OriginAccessControlId)).toBe(true);
    const [policy] = resourcesOf(stage, 'AWS::CloudFront::ResponseHeadersPolicy');
    expect(JSON.stringify(config().DefaultCacheBehavior.ResponseHeadersPolicyId)).toContain(policy?.id);
    expect(policy?.resource.Properties).toMatchObject({
      ResponseHeadersPolicyConfig: {
        SecurityHeadersConfig: {
          ContentSecurityPolicy: { ContentSecurityPolicy: contentSecurityPolicy, Override: true },
          ContentTypeOptions: { Override: true },
          FrameOptions: { FrameOption: 'DENY' },
          StrictTransportSecurity: { AccessControlMaxAgeSec: 63_072_000, IncludeSubdomains: true },
        },
      },
    });
  });
});

const cloudFrontFunction = z.object({
  FunctionCode: z.string(),
  FunctionConfig: z.object({ Runtime: z.literal('cloudfront-js-2.0') }),
});

function codeOf(name: string): string {
  const found = resourcesOf('dev', 'AWS::CloudFront::Function').find(({ id }) => id.startsWith(name));
  return cloudFrontFunction.parse(found?.resource.Properties).FunctionCode;
}

it('CloudFront tells the API which host was asked, whatever a client says', () => {
  for (const given of [{}, { 'x-forwarded-host': { value: 'evil.example' } }]) {
    const event = { request: { uri: '/api/v1/session', headers: { ...given, host: { value: 'prices.example.com' } } } };
    const headers = runInNewContext(`${codeOf('Host')}\nJSON.stringify(handler(${JSON.stringify(event)}).headers)`);
    expect(JSON.parse(String(headers))['x-forwarded-host']).toEqual({ value: 'prices.example.com' });
  }
  for (const stage of cloudStages) {
    const [found] = resourcesOf(stage, 'AWS::CloudFront::Distribution');
    const associated = z.object({ PathPattern: z.string(), FunctionAssociations: z.array(z.unknown()) });
    const { CacheBehaviors } = z
      .object({ DistributionConfig: z.object({ CacheBehaviors: z.array(associated) }) })
      .parse(found?.resource.Properties).DistributionConfig;
    for (const each of CacheBehaviors)
      expect(JSON.stringify(each.FunctionAssociations)).toMatch(/viewer-request.*Host/);
  }
});

/** What the deployed function makes of a path, run by itself as CloudFront does. */
function servedFor(path: string, accept: string): unknown {
  const FunctionCode = codeOf('Paths');
  const event = { request: { uri: path, headers: accept === '' ? {} : { accept: { value: accept } } } };
  return runInNewContext(`${FunctionCode}\nhandler(${JSON.stringify(event)}).uri`);
}

it.each([
  ['/', 'text/html,application/xhtml+xml,*/*;q=0.8', '/index.html'],
  ['/', '*/*', '/index.html'],
  ['/', '', '/index.html'],
  ['/', 'application/json', '/index.json'],
  ['/market', 'text/html', '/index.html'],
  ['/market/VOD.L', 'text/html', '/index.html'],
  ['/sources/yahoo', '', '/index.html'],
  ['/docs', 'text/html', '/docs/index.html'],
  ['/docs/', '', '/docs/index.html'],
  ['/assets/index-abc.js', '*/*', '/assets/index-abc.js'],
  ['/favicon.svg', '*/*', '/favicon.svg'],
])('CloudFront gives for %s (%s) the file %s', (path, accept, file) => {
  expect(servedFor(path, accept)).toBe(file);
});

it('the page may run no inline script, load no plugin, be framed by nobody', () => {
  expect(contentSecurityPolicy).not.toContain('unsafe');
  for (const directive of ["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "script-src 'self'"]) {
    expect(contentSecurityPolicy.split('; ')).toContain(directive);
  }
});
