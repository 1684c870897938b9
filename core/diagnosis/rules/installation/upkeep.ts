import { say } from '../advice.ts';
import type { SystemRule } from '../rule.ts';

const dayMs = 24 * 3600_000;

export const endingCalendars: SystemRule = {
  id: 'calendar-ends',
  find: ({ calendars }) =>
    calendars.length === 0
      ? []
      : [
          {
            title: 'Exchange calendars come to their end',
            cause:
              'Behind its last day a calendar knows no holidays: runs would be planned on closed days, and quiet days taken for faults.',
            evidence: calendars.map(({ id, validThrough }) => `${id} knows the days up to ${validThrough}.`),
            advice: [say('Make new calendars, as docs/runbook.md says, and deploy.')],
            sources: [],
            weight: calendars.some(({ daysLeft }) => daysLeft < 0) ? 45 : 15,
          },
        ],
};

export const missingPartitions: SystemRule = {
  id: 'partitions',
  find({ partitions: { strays, lastMonth }, at }) {
    const nextMonth = new Date(at + 28 * dayMs).toISOString().slice(0, 7);
    const missing = lastMonth !== null && lastMonth < nextMonth;
    if (strays === 0 && !missing) return [];
    return [
      {
        title: 'The table of quotes lacks partitions',
        cause: 'The function maintain, which makes them each day, has not run or failed.',
        evidence: [
          ...(strays > 0 ? [`${strays >= 1000 ? '1000 or more' : strays} quotes are in the default partition.`] : []),
          ...(missing ? [`The last month with a partition is ${lastMonth}.`] : []),
        ],
        advice: [
          say(
            'See the log of the function maintain, and invoke it once. docs/runbook.md: Rows in the default partition.',
          ),
        ],
        sources: [],
        weight: 15,
      },
    ];
  },
};
