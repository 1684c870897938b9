import { say } from '../advice.ts';
import type { Advice, SystemRule } from '../rule.ts';
import { databaseTrouble, isSilence, stoppedClock, waitingQueues } from './standstill.ts';

const scrapeQueue = 'scrape-';

/** What dead letters of a queue mean. */
function deadMeans(queue: string): { cause: string; advice: Advice[]; weight: number } {
  const redrive = say(
    `When the cause is gone, put them back: Services page, or POST /api/v1/dead-letters/redrive {"queue": "${queue}"}.`,
  );
  if (queue.startsWith('ingest'))
    return {
      cause:
        'Raw answers could not be read in five tries: their blobs are missing or damaged, or the messages are not ours. Their runs have no rows.',
      advice: [
        say('Look at the messages: each names its blob.'),
        say('The data of a damaged blob come again with the next run.'),
        redrive,
      ],
      weight: 65,
    };
  if (queue.startsWith(scrapeQueue))
    return {
      cause: `The worker of ${queue.slice(scrapeQueue.length)} crashed five times on a task, or ran out of time: a fault of ours, not of the source.`,
      advice: [say('Look for errors in the log of the scraper.'), redrive],
      weight: 60,
    };
  return {
    cause: 'Messages failed five times: they are malformed, or the function that reads them fails.',
    advice: [say('Look for errors in the log of the function that reads the queue.'), redrive],
    weight: 50,
  };
}

export const deadLetters: SystemRule = {
  id: 'dead-letters',
  find: (facts) =>
    (facts.queues ?? []).flatMap(({ name, dead }) => {
      if (dead === 0) return [];
      const means = deadMeans(name);
      return [
        {
          ...means,
          title: `${dead} dead ${dead === 1 ? 'letter' : 'letters'} in the queue ${name}`,
          evidence: [],
          // A queue of all sources of a kind names none.
          sources: facts.sources.map(({ id }) => id).filter((id) => name === `${scrapeQueue}${id}`),
        },
      ];
    }),
};

export const overdueTasks: SystemRule = {
  id: 'tasks-without-outcome',
  find(facts, complaints) {
    const stuck = facts.sources.filter(
      (source) => source.overdue > 0 && !complaints.some((each) => each.source.id === source.id && isSilence(each)),
    );
    const standsStill =
      facts.services.some(({ id, running }) => !running && id !== 'proxy') || stoppedClock(facts) !== null;
    if (stuck.length === 0 || standsStill || databaseTrouble(facts) !== null) return [];
    return [
      {
        title: 'Tasks have no outcome',
        cause:
          'They were due long ago and have no outcome: a queue, the workers or the ingest are stuck, or the monitor is.',
        evidence: [...stuck.map((source) => `${source.id}: ${source.overdue} tasks.`), ...waitingQueues(facts)],
        advice: [
          say('See the queues:', 'npx quotron status'),
          say('Look for errors in the logs of scrapers, ingest and monitor.'),
        ],
        sources: stuck.map(({ id }) => id),
        weight: 70,
      },
    ];
  },
};
