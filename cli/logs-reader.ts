import * as z from 'zod';
import { AwsAnswerError, type AwsPlace, callJson, endpointOf, type JsonService } from './aws/signed-json.ts';
import { CommandError } from './problems.ts';

const logs: JsonService = { name: 'logs', protocol: '1.1', target: 'Logs_20140328' };

const eventSchema = z.object({ eventId: z.string().optional(), timestamp: z.number(), message: z.string() });
const answerSchema = z.object({ events: z.array(eventSchema).default([]), nextToken: z.string().optional() });
export type LogEvent = z.infer<typeof eventSchema>;

/** CloudWatch gives at most a megabyte or so many events at once. */
const atOnce = 1_000;

/**
 * The events of a log group since an instant, oldest first, at most `limit`. `null` where there is no such group: a function
 * that has never run, or that this stage has not.
 */
export async function readLogs(
  place: AwsPlace,
  group: string,
  since: number,
  limit: number,
  fetcher: typeof fetch = fetch,
): Promise<LogEvent[] | null> {
  const found: LogEvent[] = [];
  let nextToken: string | undefined;
  do {
    const input = {
      logGroupName: group,
      startTime: since,
      limit: Math.min(atOnce, limit - found.length),
      ...(nextToken === undefined ? {} : { nextToken }),
    };
    try {
      const answer = await callJson(place, logs, 'FilterLogEvents', input, answerSchema, fetcher);
      found.push(...answer.events);
      nextToken = answer.nextToken;
    } catch (error) {
      if (!(error instanceof AwsAnswerError)) throw error;
      if (error.code === 'ResourceNotFoundException') return null;
      throw new CommandError(whatToDo(error, place, group));
    }
  } while (nextToken !== undefined && found.length < limit);
  return found;
}

function whatToDo({ code, status }: AwsAnswerError, place: AwsPlace, group: string): string {
  if (code === 'Unreachable')
    return `${endpointOf(place, logs.name)} does not answer. Is the local cloud running (npm start), or AWS reachable?`;
  const todo = [400, 403].includes(status)
    ? 'Your AWS credentials need the right logs:FilterLogEvents.'
    : 'Try again shortly.';
  return `CloudWatch Logs answered ${status} for ${group}. ${todo}`;
}
