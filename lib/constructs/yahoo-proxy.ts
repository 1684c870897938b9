import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { physicalName } from '../../core/contracts/installation.ts';
import { ownMetric } from '../monitoring/own-metric.ts';
import { RunbookAlarm, summed } from '../monitoring/runbook-alarm.ts';
import type { StorageStack } from '../stacks/storage-stack.ts';
import type { StageSettings } from '../stage-settings.ts';
import { QuotronFunction } from './quotron-function.ts';

/**
 * The Yahoo proxy: a function outside the VPC that calls Yahoo, shares answers through `state`, and is invoked by a
 * rule, so that its session and its health are never older than the last heartbeat.
 */
export class YahooProxy extends Construct {
  readonly function: QuotronFunction;

  constructor(
    scope: Construct,
    id: string,
    {
      settings,
      storage,
      state,
    }: { settings: StageSettings; storage: Pick<StorageStack, 'sessionKeys' | 'rawStore'>; state: QuotronFunction },
  ) {
    super(scope, id);
    const proxy = new QuotronFunction(this, {
      name: 'yahoo-proxy',
      settings,
      network: undefined,
      description: 'Answers /yahoo from a cache, and Yahoo’s clients as Yahoo does',
      memoryMb: 1024,
    });
    this.function = proxy;
    state.grantCall(proxy, 'stateFunction');
    storage.sessionKeys.grantRead(proxy, 'api');
    storage.rawStore.grantRecord(proxy);
    // Refreshes the stale answers it served: on Lambda nothing runs after the answer.
    proxy.grantCallItself();
    if (settings.stage === 'local') {
      if (settings.sourceUrls) proxy.addSetting('sourceUrls', settings.sourceUrls);
      if (settings.simulatedSources) proxy.addSetting('simulatedSources', settings.simulatedSources);
    }

    // A late heartbeat or refresh is useless.
    const oneTry = { maxEventAge: Duration.minutes(1), retryAttempts: 0 };
    proxy.lambda.configureAsyncInvoke(oneTry);
    new Rule(this, 'Heartbeat', {
      ruleName: physicalName(settings, 'proxy-heartbeat'),
      description: 'Keeps the session and the health of the Yahoo proxy fresh',
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new LambdaTarget(proxy.lambda, oneTry)],
    });
    if (settings.stage !== 'local') this.alarms(settings);
  }

  private alarms(settings: StageSettings): void {
    const { stage } = settings;
    new RunbookAlarm(this, 'Silent', {
      metric: summed((options) => this.function.lambda.metricInvocations(options), Duration.minutes(15)),
      below: true,
      silenceIsBad: true,
      says: `The Yahoo proxy (${stage}) has not run for 15 minutes; its heartbeat comes every five.`,
      heading: 'Yahoo proxy: no heartbeat',
    });
    new RunbookAlarm(this, 'Failing', {
      metric: ownMetric(settings, 'ProxyUpstreamFailures', { statistic: 'Sum', period: Duration.minutes(5) }),
      threshold: 3,
      periods: 3,
      says: `Yahoo fails the proxy's calls (${stage}); clients get stale answers, or none.`,
      heading: 'Yahoo proxy: upstream failures',
    });
  }
}
