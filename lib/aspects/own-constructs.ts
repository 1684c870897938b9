import { CfnResource, type IAspect } from 'aws-cdk-lib';
import type { Construct, IConstruct } from 'constructs';
import { isCdkFunction } from '../cdk-functions.ts';
import { QuotronFunction } from '../constructs/quotron-function.ts';
import { QuotronQueue } from '../constructs/quotron-queue.ts';
import { RunbookAlarm } from '../monitoring/runbook-alarm.ts';

const ownConstructs: ReadonlyMap<string, new (...args: never[]) => Construct> = new Map<
  string,
  new (
    ...args: never[]
  ) => Construct
>([
  ['AWS::Lambda::Function', QuotronFunction],
  ['AWS::SQS::Queue', QuotronQueue],
  ['AWS::CloudWatch::Alarm', RunbookAlarm],
]);

/**
 * Fails the synthesis when a function, queue or alarm is created without the construct of its kind, and so lacks its
 * log group, its dead-letter queue or its link to the runbook.
 */
export class OwnConstructs implements IAspect {
  visit(node: IConstruct): void {
    if (!CfnResource.isCfnResource(node)) return;
    const own = ownConstructs.get(node.cfnResourceType);
    if (!own) return;
    const path = node.node.scopes;
    if (path.some((scope) => scope instanceof own || isCdkFunction(scope))) return;
    throw new Error(
      `${node.node.path} is an ${node.cfnResourceType} made without ${own.name}, so it lacks what that gives (alarm, runbook, limits). Make it with ${own.name}.`,
    );
  }
}
