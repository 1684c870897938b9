import { CfnOutput, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  MethodLoggingLevel,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { physicalName } from '../../core/contracts/installation.ts';
import { deployedBy } from '../asset-bucket.ts';
import { EventStreams } from '../constructs/event-streams.ts';
import { addGatewayProblems } from '../constructs/gateway-problems.ts';
import { QuotronFunction } from '../constructs/quotron-function.ts';
import { grantRedrive } from '../constructs/quotron-queue.ts';
import { ReportSummaries } from '../constructs/report-summaries.ts';
import { WebAcl } from '../constructs/web-acl.ts';
import { YahooProxy } from '../constructs/yahoo-proxy.ts';
import { together } from '../monitoring/expressions.ts';
import { FunctionErrors } from '../monitoring/function-errors.ts';
import { QueueAlarms } from '../monitoring/queue-alarms.ts';
import { RunbookAlarm } from '../monitoring/runbook-alarm.ts';
import { StageDashboard } from '../monitoring/stage-dashboard.ts';
import type { StageSettings } from '../stage-settings.ts';
import type { PipelineStack } from './pipeline-stack.ts';
import type { StorageStack } from './storage-stack.ts';

/** Of the REST API. Not a version: that is in the path, `/api/v1`, and CloudFront puts this in front of it. */
const apiStage = 'live';

/** In five minutes. */
const mostServerErrors = 5;
/** Of one request in twenty. A report takes some seconds, a start without a warm container one or two. */
const mostLatencyMs = 10_000;

/**
 * The HTTP API: one REST API. Paths under `/yahoo` go to the proxy, all others to the `api` function. Both check keys
 * and bodies themselves.
 */
export class ApiStack extends Stack {
  readonly restApi: RestApi;

  constructor(
    scope: Construct,
    id: string,
    settings: StageSettings,
    { storage, pipeline }: { storage: StorageStack; pipeline: PipelineStack },
  ) {
    super(scope, id, { ...deployedBy(settings), description: `Quotron (${settings.stage}): HTTP API` });
    const api = new QuotronFunction(this, {
      name: 'api',
      settings,
      network: storage.cloud?.network,
      description: 'Answers /api/v1',
      memoryMb: 1769,
    });
    storage.database.grantConnect(api, 'api');
    storage.rawStore.grantShowArtifacts(api);
    // Operators read raw answers as text.
    storage.rawStore.grantRead(api);
    storage.rawStore.grantKeepAnswers(api);
    storage.rawStore.grantReadArchive(api);
    storage.rawStore.grantAddImports(api);
    storage.rawStore.grantShowExports(api);
    pipeline.ticks.grantSend(api, 'ticksQueueUrl');
    pipeline.recoveries.grantSend(api, 'recoveriesQueueUrl');
    pipeline.alerts.grantSend(api, 'alertsQueueUrl');
    pipeline.exports.grantSend(api, 'exportsQueueUrl');
    if (settings.stage === 'local' && settings.alertHosts) api.addSetting('alertHosts', settings.alertHosts);
    // A replay is a message like any other.
    pipeline.grantIngest(api);
    const summaries =
      settings.stage !== 'local' && settings.summaryModel !== undefined
        ? new ReportSummaries(this, 'Summaries', { settings, model: settings.summaryModel, state: pipeline.state })
        : undefined;
    if (settings.corsOrigins) api.addSetting('corsOrigins', settings.corsOrigins);
    if (pipeline.events.kafkaTopic) api.addSetting('kafkaTopic', pipeline.events.kafkaTopic);
    if (settings.publicStatus) api.addSetting('publicStatus', 'on');
    summaries?.queue.grantSend(api, 'summariesQueueUrl');
    grantRedrive(api, [...pipeline.queues, ...(summaries ? [summaries.queue] : [])]);
    // To be shown: others act by them.
    for (const name of ['runDays', 'recordDays', 'proxyAnswerDays'] as const)
      api.addSetting(name, String(settings[name]));
    if (settings.acceptFindings) api.addSetting('acceptFindings', settings.acceptFindings);
    if (settings.watchLimit !== undefined) api.addSetting('watchLimit', String(settings.watchLimit));
    if (settings.stage === 'local') {
      if (settings.simulatedSources) {
        api.addSetting('simulatedSources', settings.simulatedSources);
        // The simulated market never closes.
        api.addSetting('sessions', 'ignored');
      }
    }

    // Locally there is no account-wide role for API Gateway's logs, and emulators keep none.
    const logged = settings.stage !== 'local';
    this.restApi = new RestApi(this, 'RestApi', {
      restApiName: physicalName(settings, 'api'),
      description: 'Quotron HTTP API',
      endpointTypes: [EndpointType.REGIONAL],
      // Answers with a content coding come from the function as base64, and leave as bytes.
      binaryMediaTypes: ['*/*'],
      cloudWatchRole: logged,
      deployOptions: {
        stageName: apiStage,
        throttlingRateLimit: settings.throttle.rate,
        throttlingBurstLimit: settings.throttle.burst,
        ...(logged && {
          loggingLevel: MethodLoggingLevel.ERROR,
          accessLogDestination: new LogGroupLogDestination(this.accessLog(settings)),
          accessLogFormat: AccessLogFormat.jsonWithStandardFields(),
        }),
      },
    });
    if (logged) this.executionLog(settings);
    addGatewayProblems(this.restApi);
    const proxy = new YahooProxy(this, 'Yahoo', {
      settings,
      storage,
      state: pipeline.state,
    });
    this.restApi.root.addProxy({ anyMethod: true, defaultIntegration: integration(api) });
    // A specific path takes precedence over the catch-all.
    const yahoo = this.restApi.root.addResource('yahoo');
    yahoo.addProxy({ anyMethod: true, defaultIntegration: integration(proxy.function) });
    const setCredentials = this.setCredentials(settings, storage, pipeline);
    this.restApi.root.resourceForPath('api/v1/sources/{id}/credentials').addMethod('ANY', integration(setCredentials));
    const streams =
      settings.stage !== 'local' && settings.eventStreams > 0
        ? new EventStreams(this, 'Streams', { settings, storage, restApi: this.restApi, api })
        : undefined;
    // Removes CDK's output of the URL: users reach the API through the dashboard's address.
    this.restApi.node.tryRemoveChild('Endpoint');
    this.acknowledge(logged);

    if (settings.stage !== 'local') {
      if (settings.dashboard && storage.cloud)
        new StageDashboard(this, 'Overview', {
          installation: settings,
          queues: pipeline.queues,
          database: storage.cloud.database.instance,
          restApi: this.restApi,
        });
      if (settings.waf) new WebAcl(this, 'WebAcl', { settings, restApi: this.restApi });
      this.alarms(settings.stage, { answering: [api, proxy.function, setCredentials], streams, summaries });
      if (summaries)
        new QueueAlarms(this, 'SummariesAlarms', {
          stage: settings.stage,
          queues: [summaries.queue],
          heading: 'Dead letters: summaries',
        });
    }
    new CfnOutput(this, 'RestApiId', { value: this.restApi.restApiId });
    new CfnOutput(this, 'RestApiStage', { value: apiStage });
  }

  private alarms(
    stage: string,
    of: {
      answering: readonly QuotronFunction[];
      streams: EventStreams | undefined;
      summaries: ReportSummaries | undefined;
    },
  ): void {
    const { answering, streams, summaries } = of;
    const functions = [...answering, ...[streams, summaries].flatMap((part) => part?.function ?? [])];
    const period = Duration.minutes(5);
    const p95 = { statistic: 'p95', period };
    // API Gateway takes a stream for an answer of minutes. Its own time is milliseconds of that of the functions.
    const latencies = streams
      ? answering.map(({ lambda }) => lambda.metricDuration(p95))
      : [this.restApi.metricLatency(p95)];
    const also = streams && { count: (each: Duration) => streams.broken(each), says: 'interrupted a stream of events' };
    new FunctionErrors(this, 'AnswersFail', { stage, functions, also });
    new RunbookAlarm(this, 'ServerErrors', {
      metric: together(
        'MAX',
        [
          { metric: this.restApi.metricServerError({ statistic: 'Sum', period }), limit: mostServerErrors },
          ...latencies.map((metric) => ({ metric, limit: mostLatencyMs })),
        ],
        period,
      ),
      periods: 2,
      bad: 1,
      says: `The API (${stage}) answered 5xx ${mostServerErrors} times or more in five minutes, or took longer than ${mostLatencyMs / 1000} s for one request in twenty.`,
      heading: 'API errors',
    });
  }

  /** API Gateway would make it by itself at its first error, and keep it for ever. */
  private executionLog(settings: StageSettings): void {
    const log = new LogGroup(this, 'ExecutionLog', {
      logGroupName: `API-Gateway-Execution-Logs_${this.restApi.restApiId}/${apiStage}`,
      retention: settings.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.restApi.deploymentStage.node.addDependency(log);
  }

  /** Outside the VPC, where Secrets Manager is reachable; the `api` function inside cannot reach it. */
  private setCredentials(settings: StageSettings, storage: StorageStack, pipeline: PipelineStack): QuotronFunction {
    const fn = new QuotronFunction(this, {
      name: 'set-credentials',
      settings,
      network: undefined,
      description: 'Stores the credentials of sources and never returns one',
      memoryMb: 512,
    });
    storage.credentials.grantWrite(fn);
    pipeline.state.grantCall(fn, 'stateFunction');
    if (settings.stage === 'local' && settings.simulatedSources)
      fn.addSetting('simulatedSources', settings.simulatedSources);
    return fn;
  }

  private accessLog(settings: StageSettings): LogGroup {
    return new LogGroup(this, 'AccessLog', {
      logGroupName: `/${settings.prefix}/${settings.stage}/api-access`,
      retention: settings.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  private acknowledge(logged: boolean): void {
    const inHandler =
      'The functions check keys and their scopes themselves, on each route, and a test tries every route with every scope: emulators lack authorizers, and local and cloud must not differ in who may do what.';
    Validations.of(this.restApi).acknowledge(
      {
        id: 'AwsSolutions-APIG2',
        reason:
          'The functions check every parameter and body: the api against the schemas of its OpenAPI document, the proxy against its list of known parameters.',
      },
      {
        id: 'AwsSolutions-APIG3',
        reason:
          'Reads need a key, keys have limits, the stage has a throttle; a web ACL costs more a month than everything else in a small deployment.',
      },
      { id: 'AwsSolutions-APIG4', reason: inHandler },
      { id: 'AwsSolutions-COG4', reason: inHandler },
    );
    if (logged) {
      Validations.of(this.restApi).acknowledge({
        id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
        reason: 'The one role that API Gateway has per account and region for its logs; AWS asks for this policy.',
      });
    } else {
      const noLogs = 'A laptop: the api function’s own log has every request, and emulators keep no access log.';
      Validations.of(this.restApi).acknowledge(
        { id: 'AwsSolutions-APIG1', reason: noLogs },
        { id: 'AwsSolutions-APIG6', reason: noLogs },
      );
    }
  }
}

function integration(fn: QuotronFunction): LambdaIntegration {
  return new LambdaIntegration(fn.lambda, { proxy: true, allowTestInvoke: false });
}
