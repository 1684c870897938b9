import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { physicalName } from '../../core/contracts/installation.ts';
import type { CloudSettings } from '../stage-settings.ts';

/**
 * AWS's managed rules, in the order in which they look, each with its rules that only count: imports have large bodies, and
 * programs that ask an API need not say what they are.
 */
const managed: readonly { readonly name: string; readonly counts: readonly string[] }[] = [
  { name: 'AWSManagedRulesAmazonIpReputationList', counts: [] },
  { name: 'AWSManagedRulesCommonRuleSet', counts: ['SizeRestrictions_BODY', 'NoUserAgent_HEADER'] },
  { name: 'AWSManagedRulesKnownBadInputsRuleSet', counts: [] },
];

/**
 * A web ACL of AWS WAF with managed rules before the REST API. At the API and not at CloudFront, so that it looks at both
 * doors (the API has an address of its own), in whatever region; the files of the dashboard need none.
 */
export class WebAcl extends Construct {
  constructor(scope: Construct, id: string, { settings, restApi }: { settings: CloudSettings; restApi: RestApi }) {
    super(scope, id);
    const measured = (name: string) => ({
      cloudWatchMetricsEnabled: true,
      metricName: physicalName(settings, name),
      sampledRequestsEnabled: true,
    });
    const acl = new CfnWebACL(this, 'Acl', {
      name: physicalName(settings, 'api'),
      description: 'Quotron HTTP API',
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: measured('acl'),
      rules: managed.map(({ name, counts }, priority) => ({
        name,
        priority,
        overrideAction: { none: {} },
        statement: {
          managedRuleGroupStatement: {
            vendorName: 'AWS',
            name,
            ruleActionOverrides: counts.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
          },
        },
        visibilityConfig: measured(name),
      })),
    });
    new CfnWebACLAssociation(this, 'Association', {
      webAclArn: acl.attrArn,
      resourceArn: restApi.deploymentStage.stageArn,
    });
  }
}
