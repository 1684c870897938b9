/** Permissions whose scenario nobody has run yet, by function: `npm run least-privilege -- <function>` proves them, and they go from here. */
const notRun: ReadonlyMap<string, readonly string[]> = new Map([
  ['write-exports', ['s3:GetObject on history/*', 's3:PutObject on exports/*', 'sqs:SendMessage on exports']],
  [
    'api',
    [
      's3:GetObject on exports/*',
      'sqs:SendMessage on exports',
      'sqs:GetQueueAttributes on exports',
      ...['ChangeMessageVisibility', 'DeleteMessage', 'GetQueueAttributes', 'ReceiveMessage'].map(
        (action) => `sqs:${action} on exports-dead`,
      ),
    ],
  ],
]);

/** Whether a permission has a scenario that has not been run. */
export function isNotRun(fn: string, words: string): boolean {
  return notRun.get(fn)?.includes(words) === true;
}

/** All of them, each with its function. */
export const allNotRun: readonly string[] = [...notRun].flatMap(([fn, all]) => all.map((words) => `${fn}: ${words}`));
