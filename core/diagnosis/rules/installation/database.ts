import { minute } from '../../instants.ts';
import { say } from '../advice.ts';
import type { SystemRule } from '../rule.ts';
import { databaseTrouble, isSilence, runningSources, stoppedClock, waitingQueues } from './standstill.ts';

const means = {
  slow: {
    title: 'The database is slow',
    cause:
      'Statements that take milliseconds take seconds. Planning, scraping and ingest wait for it, so that prices come late or not at all. The sources are not the cause.',
    advice: [
      say(
        'Look at the processor, memory and disk of the database: on AWS the metrics of the instance (CPU credits, IOPS), on a laptop what else runs.',
      ),
      say('Look for a statement that runs for long: SELECT * FROM pg_stat_activity ORDER BY query_start.'),
    ],
  },
  locked: {
    title: 'Statements wait for a lock of the database',
    cause:
      'Another session of the database holds a lock and does not end. What needs the same rows or tables waits, so that prices come late or not at all. The sources are not the cause.',
    advice: [
      say(
        "Find who holds it: SELECT pid, pg_blocking_pids(pid), query FROM pg_stat_activity WHERE wait_event_type = 'Lock'. A migration or a session of a person is the usual one.",
      ),
      say('End that session: SELECT pg_terminate_backend(<pid>).'),
    ],
  },
};

export const slowDatabase: SystemRule = {
  id: 'slow-database',
  find(facts, complaints) {
    const trouble = databaseTrouble(facts);
    if (trouble === null) return [];
    const since = stoppedClock(facts);
    return [
      {
        ...means[trouble],
        evidence: [...(since === null ? [] : [`Nothing was planned since ${minute(since)}.`]), ...waitingQueues(facts)],
        sources: runningSources(facts).map(({ id }) => id),
        weight: 97,
        explains: complaints.filter(isSilence),
      },
    ];
  },
};
