import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { stageSettings } from '../../bin/stages.ts';
import { addQuotron } from '../../lib/add-quotron.ts';
import { addCloudRules } from '../../lib/cloud-rules.ts';
import { monthlyPrice, usualUse } from '../../lib/cost/monthly-price.ts';
import { databaseSizeNames, mostConnections } from '../../lib/stage-settings.ts';
import { builtDashboard, emptyApp } from './synthesize.ts';

const own = { QUOTRON_ALARM_EMAIL: 'operator@example.com' };
const certificate = 'arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012';
const webAcl = 'arn:aws:wafv2:us-east-1:123456789012:global/webacl/prices/12345678-1234-1234-1234-123456789012';

const costPage = readFileSync(join(import.meta.dirname, '../../docs/cost.md'), 'utf8');

/** The stacks of prod with variables of the owner; cdk-nag has been asked. */
function stacksWith(env: Readonly<Record<string, string>>): Stack[] {
  const app = emptyApp();
  const settings = stageSettings('prod', { ...own, ...env });
  if (settings.stage === 'local') throw new Error('prod is no laptop');
  addQuotron(app, { ...settings, webFolder: builtDashboard() });
  addCloudRules(app);
  app.synth();
  return app.node.children.filter(Stack.isStack);
}

const templatesWith = (env: Readonly<Record<string, string>>): unknown[] =>
  stacksWith(env).map((stack) => Template.fromStack(stack).toJSON());

/** Its resources of a type. */
function withSettings(env: Readonly<Record<string, string>>) {
  const stacks = stacksWith(env);
  return (type: string) => stacks.flatMap((stack) => Object.values(Template.fromStack(stack).findResources(type)));
}

describe('what an owner may set', () => {
  it('a domain with its certificate, no TLS below 1.2', () => {
    const resources = withSettings({ QUOTRON_DOMAIN: 'prices.example.com', QUOTRON_CERTIFICATE_ARN: certificate });
    expect(resources('AWS::CloudFront::Distribution')).toMatchObject([
      {
        Properties: {
          DistributionConfig: {
            Aliases: ['prices.example.com'],
            ViewerCertificate: {
              AcmCertificateArn: certificate,
              MinimumProtocolVersion: 'TLSv1.2_2021',
              SslSupportMethod: 'sni-only',
            },
          },
        },
      },
    ]);
  });

  it('a web ACL', () => {
    const [distribution] = withSettings({ QUOTRON_WEB_ACL_ARN: webAcl })('AWS::CloudFront::Distribution');
    expect(distribution).toMatchObject({ Properties: { DistributionConfig: { WebACLId: webAcl } } });
  });

  it('managed rules of AWS WAF before the API, at the price that docs/cost.md has', () => {
    const resources = withSettings({ QUOTRON_WAF: 'on' });
    const [acl] = resources('AWS::WAFv2::WebACL');
    expect(acl).toMatchObject({ Properties: { Scope: 'REGIONAL', Rules: { length: 3 } } });
    const groups = [...JSON.stringify(acl).matchAll(/"Name":"(AWSManaged\w+)","VendorName":"AWS"|"VendorName":"AWS"/g)];
    expect(groups).toHaveLength(3);
    expect(JSON.stringify(resources('AWS::WAFv2::WebACLAssociation'))).toMatch(/\/restapis\/.*\/stages\/.*RestApi/);
    const priced = (env: Record<string, string>) => monthlyPrice(templatesWith(env), usualUse(500, 'session')).usd;
    const option = /managed rules of `QUOTRON_WAF` \(500 symbols\) \| ([\d.]+) \|/.exec(costPage)?.[1];
    expect(priced({ QUOTRON_WAF: 'on' }) - priced({})).toBeCloseTo(Number(option), 1);
  });

  it('a larger instance, in two zones', () => {
    const resources = withSettings({ QUOTRON_DATABASE_SIZE: 'm7g.large', QUOTRON_DATABASE_MULTI_AZ: 'yes' });
    expect(resources('AWS::RDS::DBInstance')).toEqual([
      expect.objectContaining({
        Properties: expect.objectContaining({ DBInstanceClass: 'db.m7g.large', MultiAZ: true }),
      }),
    ]);
  });

  it('quotas of sources', () => {
    expect(stageSettings('prod', { ...own, QUOTRON_SOURCE_QUOTAS: 'yahoo=5/300' }).sourceQuotas).toBe('yahoo=5/300');
  });

  it('nothing of it: cloudfront.net, no web ACL, one zone', () => {
    expect(stageSettings('prod', own)).toMatchObject({
      domain: undefined,
      webAclArn: undefined,
      waf: false,
      prefix: 'quotron',
      database: { size: 't4g.small', multiAz: false },
    });
  });

  it.each([
    [{ QUOTRON_DOMAIN: 'prices.example.com' }, 'go together'],
    [{ QUOTRON_CERTIFICATE_ARN: certificate }, 'go together'],
    [{ QUOTRON_DOMAIN: 'https://prices.example.com', QUOTRON_CERTIFICATE_ARN: certificate }, 'not a domain name'],
    [
      {
        QUOTRON_DOMAIN: 'prices.example.com',
        QUOTRON_CERTIFICATE_ARN: certificate.replace('us-east-1', 'eu-central-1'),
      },
      'us-east-1',
    ],
    [{ QUOTRON_WEB_ACL_ARN: webAcl.replace('global', 'regional') }, 'CLOUDFRONT'],
    [{ QUOTRON_DATABASE_SIZE: 'm7g.huge' }, 'There is t4g.micro'],
    [{ QUOTRON_DATABASE_SIZE: 't4g.micro' }, 'Choose a larger one'],
    [{ QUOTRON_DATABASE_MULTI_AZ: 'true' }, 'yes or no'],
    [{ QUOTRON_WAF: 'yes' }, 'on or off'],
    [{ QUOTRON_PREFIX: 'Acme' }, 'small letters'],
    [{ QUOTRON_PREFIX: 'acme-eu' }, 'small letters'],
    [{ QUOTRON_PREFIX: '1acme' }, 'small letters'],
    [{ QUOTRON_PREFIX: 'thirteenchars' }, 'small letters'],
  ])('%j is refused: %s', (env, said) => {
    expect(() => stageSettings('prod', { ...own, ...env })).toThrow(said);
  });

  it('each size has memory for some connections', () => {
    for (const size of databaseSizeNames) expect(mostConnections(size)).toBeGreaterThan(80);
  });
});
