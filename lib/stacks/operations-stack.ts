import { CfnOutput, Stack } from 'aws-cdk-lib';
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription, LambdaSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { physicalName, titleOf } from '../../core/contracts/installation.ts';
import { OperationsSecret } from '../constructs/operations-secret.ts';
import { QuotronFunction } from '../constructs/quotron-function.ts';
import { FunctionErrors } from '../monitoring/function-errors.ts';
import type { CloudSettings } from '../stage-settings.ts';

/** In percent of the month's budget. */
const budgetSteps = [50, 80, 100] as const;

/**
 * Whom the stage's alarms reach, and what a month may cost. Deployed first: the alarms of the other stacks act on its topic
 * (the aspect `AlarmsReachPeople`).
 */
export class OperationsStack extends Stack {
  readonly topic: Topic;
  readonly secret: OperationsSecret;

  constructor(scope: Construct, id: string, settings: CloudSettings) {
    super(scope, id, { description: `Quotron (${settings.stage}): alarms to people, budget` });
    // Not encrypted: CloudWatch needs a key of one's own for that, a dollar a month, and what it says are names of alarms.
    this.topic = new Topic(this, 'Alarms', {
      topicName: physicalName(settings, 'alarms'),
      displayName: titleOf(settings),
      enforceSSL: true,
    });
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: ['cloudwatch.amazonaws.com', 'budgets.amazonaws.com'].map((name) => new ServicePrincipal(name)),
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    );
    this.secret = new OperationsSecret(this, 'Settings');
    this.webhook(settings);
    if (settings.alarmEmail !== undefined) this.topic.addSubscription(new EmailSubscription(settings.alarmEmail));
    this.budget(settings);
    new CfnOutput(this, 'AlarmsTopic', { value: this.topic.topicArn });
  }

  /** Tells a chat what the topic says: Slack and ntfy want bodies that SNS does not make. */
  private webhook(settings: CloudSettings): void {
    const notify = new QuotronFunction(this, {
      name: 'notify',
      settings,
      network: undefined,
      description: 'Tells alarms to Slack or ntfy',
      memoryMb: 256,
    });
    this.secret.grantRead(notify);
    this.topic.addSubscription(new LambdaSubscription(notify.lambda));
    new FunctionErrors(this, 'NotifyFails', { stage: settings.stage, functions: [notify] });
  }

  /** Of the whole account: a budget by tag counts nothing until somebody activates the tag in the billing console. */
  private budget(settings: CloudSettings): void {
    const subscribers = [{ subscriptionType: 'SNS', address: this.topic.topicArn }];
    const budget = new CfnBudget(this, 'Budget', {
      budget: {
        budgetName: physicalName(settings, 'month'),
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: settings.budgetUsd, unit: 'USD' },
      },
      notificationsWithSubscribers: [
        ...budgetSteps.map((threshold) => ({
          notification: { notificationType: 'ACTUAL', comparisonOperator: 'GREATER_THAN', threshold },
          subscribers,
        })),
        {
          notification: { notificationType: 'FORECASTED', comparisonOperator: 'GREATER_THAN', threshold: 100 },
          subscribers,
        },
      ],
    });
    // AWS Budgets tries the topic when the budget is made.
    budget.node.addDependency(this.topic);
  }
}
