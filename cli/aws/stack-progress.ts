import { type CloudFormationClient, DescribeStackEventsCommand } from '@aws-sdk/client-cloudformation';
import * as z from 'zod';
import type { Template } from './assembly.ts';
import { resourcePath } from './assembly.ts';

const eventSchema = z.object({
  EventId: z.string(),
  StackId: z.string(),
  LogicalResourceId: z.string().default(''),
  PhysicalResourceId: z.string().default(''),
  ResourceType: z.string().default(''),
  ResourceStatus: z.string().default(''),
  ResourceStatusReason: z.string().default(''),
  Timestamp: z.date(),
});
type StackEvent = z.infer<typeof eventSchema>;

/** Something that CloudFormation could not make, change or delete. */
export interface StackFailure {
  readonly resource: string;
  readonly type: string;
  /** CloudFormation's own words. */
  readonly reason: string;
  /** Its code for the cause, where the reason carries one: `AlreadyExists`. */
  readonly code: string | null;
}

/** What takes long, and how long: nobody should think that it hangs. */
const slow: ReadonlyMap<string, string> = new Map([
  ['AWS::RDS::DBInstance', 'the database, 5 to 15 minutes'],
  ['AWS::CloudFront::Distribution', 'the dashboard’s CloudFront distribution, 3 to 8 minutes'],
  ['AWS::EC2::VPCEndpoint', 'an endpoint of the VPC, 1 to 3 minutes'],
  ['Custom::Trigger', 'migrations, a minute'],
  ['Custom::CDKBucketDeployment', 'files of the dashboard, a minute'],
]);
/** Deleting functions inside a VPC waits for Lambda to give their network interfaces back. */
const slowToDelete: ReadonlyMap<string, string> = new Map([
  ...slow,
  ['AWS::EC2::SecurityGroup', 'network interfaces of Lambda, up to 30 minutes'],
  ['AWS::EC2::Subnet', 'network interfaces of Lambda, up to 30 minutes'],
  ['AWS::Lambda::Function', 'network interfaces of Lambda, up to 30 minutes'],
]);

/** Follows what CloudFormation does with one stack, from `begin` on. */
export class StackProgress {
  private readonly client: CloudFormationClient;
  private readonly stack: string;
  private readonly template: Template | undefined;
  private readonly seen = new Set<string>();
  private readonly done = new Set<string>();
  private readonly working = new Map<string, { readonly type: string; readonly since: number }>();
  private readonly failed: StackFailure[] = [];
  private deletes = false;
  /** The status of the stack in its newest event; `null` before the first. */
  status: string | null = null;

  /** `stack` is a name, or an id for one that is about to be gone. */
  constructor(client: CloudFormationClient, stack: string, template: Template | undefined) {
    this.client = client;
    this.stack = stack;
    this.template = template;
  }

  /** Passes over what has happened until now. */
  async begin(): Promise<void> {
    await this.news();
  }

  /** Reads the events that have come. Gives those that are failures. */
  async look(): Promise<readonly StackFailure[]> {
    const news = await this.news();
    const before = this.failed.length;
    for (const event of news) this.take(event);
    return this.failed.slice(before);
  }

  get failures(): readonly StackFailure[] {
    return this.failed;
  }

  /** CloudFormation has ended with the stack, well or not. */
  get ended(): boolean {
    return this.status !== null && !this.status.endsWith('_IN_PROGRESS');
  }

  /** How far it is, on one line: `12 of 27; waits for the database, 5 to 15 minutes (2:10)`. */
  inWords(now = Date.now()): string {
    const all = this.template?.Resources.size ?? 0;
    const count = all > 0 && !this.status?.includes('ROLLBACK') ? `${Math.min(this.done.size, all)} of ${all}` : '';
    const rolling = !this.deletes && this.status?.includes('ROLLBACK') ? 'takes back what it has done' : '';
    const known = this.deletes ? slowToDelete : slow;
    const [longest] = [...this.working]
      .filter(([, { type }]) => known.has(type))
      .toSorted(([, a], [, b]) => a.since - b.since);
    const [any] = [...this.working].toSorted(([, a], [, b]) => b.since - a.since);
    const waits =
      longest === undefined
        ? any && this.nameOf(any[0])
        : `waits for ${known.get(longest[1].type)} (${clock(now - longest[1].since)})`;
    return [count, rolling, waits].filter(Boolean).join('; ');
  }

  private nameOf(id: string): string {
    return resourcePath(id, this.template?.Resources.get(id));
  }

  private take(event: StackEvent): void {
    const { LogicalResourceId: id, ResourceStatus: status, ResourceType: type } = event;
    if (event.PhysicalResourceId === event.StackId) {
      this.status = status;
      if (status === 'DELETE_IN_PROGRESS') this.deletes = true;
      return;
    }
    if (status.endsWith('_IN_PROGRESS')) this.working.set(id, { type, since: event.Timestamp.getTime() });
    else this.working.delete(id);
    if (/_(COMPLETE|SKIPPED)$/.test(status)) this.done.add(id);
    if (status.endsWith('_FAILED')) {
      const reason = event.ResourceStatusReason;
      const code = /HandlerErrorCode: (\w+)/.exec(reason)?.[1] ?? null;
      this.failed.push({ resource: this.nameOf(id), type, reason, code });
    }
  }

  /** Events that were not seen, oldest first. Nothing while the stack is not there yet. */
  private async news(): Promise<StackEvent[]> {
    const found: StackEvent[] = [];
    let NextToken: string | undefined;
    do {
      const page = await this.page(NextToken);
      if (page === null) break;
      const events = z.array(eventSchema).parse(page.StackEvents ?? []);
      const fresh = events.filter(({ EventId }) => !this.seen.has(EventId));
      for (const { EventId } of fresh) this.seen.add(EventId);
      found.push(...fresh);
      NextToken = fresh.length === events.length ? page.NextToken : undefined;
    } while (NextToken !== undefined);
    return found.reverse();
  }

  private async page(NextToken: string | undefined) {
    try {
      return await this.client.send(
        new DescribeStackEventsCommand({ StackName: this.stack, ...(NextToken === undefined ? {} : { NextToken }) }),
      );
    } catch (error) {
      if (error instanceof Error && error.name === 'ValidationError') return null;
      throw error;
    }
  }
}

/** Minutes and seconds: `2:10`. */
function clock(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
