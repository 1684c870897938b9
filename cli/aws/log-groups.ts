import * as z from 'zod';
import { type AwsPlace, callJson, type JsonService } from './signed-json.ts';

const logs: JsonService = { name: 'logs', protocol: '1.1', target: 'Logs_20140328' };
const groupsSchema = z.object({
  logGroups: z.array(z.object({ logGroupName: z.string() })).default([]),
  nextToken: z.string().optional(),
});

/**
 * Deletes log groups whose names begin so. Functions of CDK and API Gateway make theirs by themselves, and a function that
 * ends after its group was deleted makes it again. Gives their names.
 */
export async function deleteLogGroups(place: AwsPlace, prefixes: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const logGroupNamePrefix of prefixes) {
    let nextToken: string | undefined;
    do {
      const input = { logGroupNamePrefix, ...(nextToken === undefined ? {} : { nextToken }) };
      const page = await callJson(place, logs, 'DescribeLogGroups', input, groupsSchema);
      found.push(...page.logGroups.map(({ logGroupName }) => logGroupName));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  }
  for (const logGroupName of found) await callJson(place, logs, 'DeleteLogGroup', { logGroupName }, z.unknown());
  return found;
}
