import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  Aws,
  CfnCondition,
  CfnOutput,
  CfnResource,
  Duration,
  Fn,
  RemovalPolicy,
  Stack,
  Validations,
} from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  Function as CloudFrontFunction,
  Distribution,
  type DistributionProps,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
  HeadersFrameOption,
  HeadersReferrerPolicy,
  HttpVersion,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  PriceClass,
  ResponseHeadersPolicy,
  SecurityPolicyProtocol,
  SSLMethod,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  type IBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { BucketDeployment, CacheControl, Source } from 'aws-cdk-lib/aws-s3-deployment';
import type { Construct } from 'constructs';
import { pageOf } from '../../core/contracts/page-paths.ts';
import {
  contentSecurityPolicy,
  securityHeaders,
  strictTransportSecuritySeconds,
} from '../../core/contracts/security-headers.ts';
import { acknowledgeCdkFunction, isBucketDeployment } from '../cdk-functions.ts';
import { Canary } from '../constructs/canary.ts';
import type { OperationsSecret } from '../constructs/operations-secret.ts';
import { RunbookAlarm } from '../monitoring/runbook-alarm.ts';
import type { CloudSettings } from '../stage-settings.ts';

/** The dashboard: static files behind CloudFront, on one origin with the API, so that its cookie is a first-party one. */
export class WebStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    settings: CloudSettings,
    { restApi, secret }: { restApi: RestApi; secret: OperationsSecret },
  ) {
    super(scope, id, { description: `Quotron (${settings.stage}): dashboard` });
    if (!existsSync(join(settings.webFolder, 'index.html'))) {
      throw new Error(
        `${settings.webFolder} has no index.html: the dashboard has not been built, so there is nothing to serve. Run \`npm run build:web\` and synthesize again.`,
      );
    }
    // CDK's own types do not satisfy each other under exactOptionalPropertyTypes; a Bucket is an IBucket anyway.
    const bucket = new Bucket(this, 'Files', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      // Only copies of web/dist, deployed again in a minute.
      removalPolicy: RemovalPolicy.DESTROY,
      autoDeleteObjects: true,
    }) as IBucket;
    const api = {
      ...toApi(restApi),
      functionAssociations: [{ eventType: FunctionEventType.VIEWER_REQUEST, function: this.host() }],
    };
    const distribution = new Distribution(this, 'Distribution', {
      comment: `Quotron (${settings.stage})`,
      defaultRootObject: 'index.html',
      httpVersion: HttpVersion.HTTP2_AND_3,
      priceClass: PriceClass.PRICE_CLASS_100,
      ...(settings.domain && ownName(this, settings.domain)),
      ...(settings.webAclArn && { webAclId: settings.webAclArn }),
      defaultBehavior: {
        origin: S3BucketOrigin.withOriginAccessControl(bucket),
        viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        cachePolicy: CachePolicy.CACHING_OPTIMIZED,
        responseHeadersPolicy: this.headers(),
        compress: true,
        functionAssociations: [{ eventType: FunctionEventType.VIEWER_REQUEST, function: this.paths() }],
      },
      additionalBehaviors: { '/api/*': api, '/yahoo/*': api },
    });

    // File names of assets carry a hash of their content, so they never change; the page that names them may at any time.
    const files = Source.asset(settings.webFolder);
    // One function copies for both; a log group that CDK makes for it would stay when the stack is deleted.
    const logGroup = new LogGroup(this, 'CopiesLog', {
      retention: settings.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const assets = new BucketDeployment(this, 'Assets', {
      sources: [files],
      destinationBucket: bucket,
      exclude: ['*'],
      include: ['assets/*'],
      cacheControl: [CacheControl.fromString('public, max-age=31536000, immutable')],
      // Pages that are open in a browser still request the assets of the former version.
      prune: false,
      logGroup,
    });
    const pages = new BucketDeployment(this, 'Pages', {
      sources: [files],
      destinationBucket: bucket,
      exclude: ['assets/*'],
      cacheControl: [CacheControl.noCache()],
      prune: false,
      logGroup,
    });
    pages.node.addDependency(assets);

    this.acknowledge(bucket, distribution);
    // What the record of a domain of one's own points to.
    new CfnOutput(this, 'DistributionDomain', { value: distribution.distributionDomainName });
    const url = `https://${settings.domain?.name ?? distribution.distributionDomainName}`;
    new Canary(this, 'Canary', { settings, secret, url });
    this.alarm(settings.stage, distribution);
    new CfnOutput(this, 'DashboardUrl', { value: url });
  }

  /** CloudFront's metrics are in one region only. In all others the canary is the alarm: it asks by way of CloudFront. */
  private alarm(stage: string, distribution: Distribution): void {
    const there = new CfnCondition(this, 'MetricsAreHere', {
      expression: Fn.conditionEquals(Aws.REGION, 'us-east-1'),
    });
    const { alarm } = new RunbookAlarm(this, 'PagesFail', {
      metric: new Metric({
        namespace: 'AWS/CloudFront',
        metricName: '5xxErrorRate',
        dimensionsMap: { DistributionId: distribution.distributionId, Region: 'Global' },
        statistic: 'Average',
        period: Duration.minutes(5),
      }),
      threshold: 5,
      periods: 3,
      says: `CloudFront (${stage}) answered more than one request in twenty with 5xx for a quarter of an hour.`,
      heading: 'Pages cannot be reached',
    });
    const made = alarm.node.defaultChild;
    if (made instanceof CfnResource) made.cfnOptions.condition = there;
  }

  /** S3 knows files only: which of them is the page of a path is decided before. */
  private paths(): CloudFrontFunction {
    return new CloudFrontFunction(this, 'Paths', {
      comment: 'Quotron: core/contracts/page-paths.ts',
      runtime: FunctionRuntime.JS_2_0,
      code: FunctionCode.fromInline(
        [
          pageOf.toString(),
          'function handler(event) {',
          '  const request = event.request;',
          '  const accept = request.headers.accept;',
          "  request.uri = pageOf(request.uri, accept ? accept.value : '') || request.uri;",
          '  return request;',
          '}',
        ].join('\n'),
      ),
    });
  }

  /**
   * Tells the API which host was asked, as API Gateway puts its own in `host`: a change by cookie must come from a page of
   * that host, and older browsers say so by `Origin` alone. What a client itself gives is overwritten.
   */
  private host(): CloudFrontFunction {
    return new CloudFrontFunction(this, 'Host', {
      comment: 'Quotron: the host that was asked',
      runtime: FunctionRuntime.JS_2_0,
      code: FunctionCode.fromInline(
        [
          'function handler(event) {',
          '  const request = event.request;',
          "  request.headers['x-forwarded-host'] = { value: request.headers.host.value };",
          '  return request;',
          '}',
        ].join('\n'),
      ),
    });
  }

  private headers(): ResponseHeadersPolicy {
    return new ResponseHeadersPolicy(this, 'Headers', {
      comment: 'Quotron dashboard: core/contracts/security-headers.ts',
      securityHeadersBehavior: {
        contentSecurityPolicy: { contentSecurityPolicy, override: true },
        strictTransportSecurity: {
          accessControlMaxAge: Duration.seconds(strictTransportSecuritySeconds),
          includeSubdomains: true,
          override: true,
        },
        contentTypeOptions: { override: true },
        frameOptions: { frameOption: HeadersFrameOption.DENY, override: true },
        referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.NO_REFERRER, override: true },
      },
      customHeadersBehavior: {
        customHeaders: (['cross-origin-opener-policy', 'cross-origin-resource-policy'] as const).map((header) => ({
          header,
          value: securityHeaders[header],
          override: true,
        })),
      },
    });
  }

  private acknowledge(bucket: IBucket, distribution: Distribution): void {
    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'The files of the dashboard are public and hold no data; only CloudFront can read the bucket.',
    });
    Validations.of(distribution).acknowledge(
      { id: 'AwsSolutions-CFR1', reason: 'Whom to serve is decided by keys, not by country.' },
      {
        id: 'AwsSolutions-CFR2',
        reason:
          'Static files, and an API with keys, limits and a throttle; a web ACL costs more a month than everything else in a small deployment.',
      },
      {
        id: 'AwsSolutions-CFR3',
        reason: 'API Gateway logs every API request; who fetched a static file is of no use.',
      },
      {
        id: 'AwsSolutions-CFR4',
        reason:
          'Served under its cloudfront.net name, whose certificate and lowest TLS version are CloudFront’s to set; a domain of one’s own would raise it.',
      },
    );
    const files = this.getLogicalId(this.node.findChild('Files').node.defaultChild as CfnBucket);
    for (const copier of this.node.children.filter(isBucketDeployment)) {
      acknowledgeCdkFunction(copier);
      const findings = [
        'Action::s3:GetObject*',
        'Action::s3:GetBucket*',
        'Action::s3:List*',
        'Action::s3:DeleteObject*',
        'Action::s3:Abort*',
        `Resource::<${files}.Arn>/*`,
        'Resource::arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>/*',
      ];
      Validations.of(copier).acknowledge(
        ...findings.map((finding) => ({
          id: `AwsSolutions-IAM5[${finding}]`,
          reason:
            'The function of CDK that copies the dashboard at deployment: CDK gives it the bucket of assets to read and the bucket of files to write.',
        })),
      );
    }
  }
}

/** The name and certificate of the owner, and no TLS below 1.2. */
function ownName(
  scope: Construct,
  { name, certificateArn }: NonNullable<CloudSettings['domain']>,
): Pick<DistributionProps, 'domainNames' | 'certificate' | 'minimumProtocolVersion' | 'sslSupportMethod'> {
  return {
    domainNames: [name],
    certificate: Certificate.fromCertificateArn(scope, 'Certificate', certificateArn),
    minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
    sslSupportMethod: SSLMethod.SNI,
  };
}

/** Passes requests to the API: no caching, every method, all headers except Host, which must be API Gateway's own. */
function toApi(restApi: RestApi): BehaviorOptions {
  const { stack } = restApi;
  return {
    origin: new HttpOrigin(`${restApi.restApiId}.execute-api.${stack.region}.${stack.urlSuffix}`, {
      originPath: `/${restApi.deploymentStage.stageName}`,
      protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
      readTimeout: Duration.seconds(30),
    }),
    viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
    allowedMethods: AllowedMethods.ALLOW_ALL,
    cachePolicy: CachePolicy.CACHING_DISABLED,
    originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
    // The functions give answers a content coding by the viewer's Accept-Encoding; CloudFront has none without its cache.
    compress: false,
  };
}
