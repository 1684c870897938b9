import { type CloudFormationClient, paginateDescribeStacks } from '@aws-sdk/client-cloudformation';
import * as z from 'zod';
import { type Installation, stackPrefix } from '../../core/contracts/installation.ts';

/** A stack of a stage as CloudFormation has it. */
export interface StackState {
  /** The part of the name behind the stage: `Storage`. */
  readonly part: string;
  readonly name: string;
  readonly id: string;
  readonly status: string;
  readonly outputs: ReadonlyMap<string, string>;
}

const stackSchema = z.object({
  StackName: z.string(),
  StackId: z.string(),
  StackStatus: z.string(),
  Outputs: z.array(z.object({ OutputKey: z.string(), OutputValue: z.string() })).default([]),
});

/** The stacks of a stage that there are. */
export async function stackStates(client: CloudFormationClient, installation: Installation): Promise<StackState[]> {
  const found: StackState[] = [];
  for await (const { Stacks = [] } of paginateDescribeStacks({ client }, {})) {
    for (const { StackName: name, StackId: id, StackStatus: status, Outputs } of z.array(stackSchema).parse(Stacks)) {
      if (!name.startsWith(stackPrefix(installation)) || status === 'DELETE_COMPLETE') continue;
      const outputs = new Map(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
      found.push({ part: name.slice(stackPrefix(installation).length), name, id, status, outputs });
    }
  }
  return found;
}
