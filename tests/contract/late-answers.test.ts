import { describe, expect, it } from 'vitest';
import { overdueAfterMs } from '../../core/health/judge.ts';
import { useClockedCloud } from '../support/clocked-cloud.ts';
import type { FetchedAnswers } from '../support/ingest-answers.ts';

const noon = '2026-11-24T17:00:00Z';
const minute = 60_000;
const cloud = useClockedCloud(noon, { symbols: ['AAPL'] });

/** A minute's answer: the market's time is ten seconds before the fetch. */
const fetchNow = (status?: number) =>
  cloud.fetch([{ symbol: 'AAPL', price: 100 + (cloud.now() % 7) / 100, asOf: cloud.now() - 10_000 }], status);
const ends = () =>
  cloud.all(`SELECT status, reason, batch_id IS NOT NULL AS read, count(*)::int AS tasks FROM task GROUP BY 1, 2, 3`);
const batches = async () => (await cloud.all('SELECT count(*)::int AS batches FROM batch'))[0]?.['batches'];
const source = async () =>
  (
    await cloud.all(`SELECT (SELECT count(*)::int FROM incident) AS incidents,
                            coalesce((SELECT breaker FROM source_state WHERE source_id = 'yahoo'), 'closed') AS breaker`)
  )[0];
const well = { incidents: 0, breaker: 'closed' };

/** The outcome is heard; the message to `ingest` is not sent. */
async function tell({ outcome }: FetchedAnswers): Promise<void> {
  await cloud.stores.queue.send('outcomes', [outcome]);
  await cloud.stages.monitor();
}

async function read(answers: readonly FetchedAnswers[]): Promise<void> {
  await cloud.stores.queue.send(
    'ingest',
    answers.map(({ message }) => message),
  );
  await cloud.stages.ingest();
  await cloud.stages.monitor();
}

const watch = () => cloud.stages.watch(new Date(cloud.now()));

/** So many minutes' answers, all kept and told; `ingest` has read none of them. */
async function backlog(minutes: number): Promise<FetchedAnswers[]> {
  const waiting: FetchedAnswers[] = [];
  for (let each = 0; each < minutes; each += 1) {
    const answers = await fetchNow();
    await tell(answers);
    waiting.push(answers);
    cloud.pass(minute);
  }
  return waiting;
}

describe('answers that ingest reads late', () => {
  it.each([
    ['the newest first', (waiting: FetchedAnswers[]) => waiting.toReversed()],
    [
      'every third one last',
      (all: FetchedAnswers[]) => [...all.filter((_, n) => n % 3), ...all.filter((_, n) => !(n % 3))],
    ],
  ])('are judged by their own fetch: no task is stale, no incident, no breaker, with %s', async (_order, arranged) => {
    await cloud.all(`INSERT INTO service_state (service_id, running, changed_at) VALUES ('ingest', false, $1)`, [
      new Date(cloud.now()),
    ]);
    const waiting = await backlog(40);
    await cloud.all(`UPDATE service_state SET running = true, changed_at = $1`, [new Date(cloud.now())]);
    await read(arranged(waiting));
    await watch();
    expect(await ends()).toEqual([{ status: 'succeeded', reason: null, read: true, tasks: 40 }]);
    expect(await source()).toEqual(well);
  });

  it('and that were old when they were fetched are stale still', async () => {
    await read([await fetchNow()]);
    cloud.pass(minute);
    const old = await cloud.fetch([{ symbol: 'AAPL', price: 99, asOf: cloud.now() - 30 * minute }]);
    cloud.pass(30 * minute);
    await read([await fetchNow()]);
    await read([old]);
    expect(await ends()).toContainEqual({ status: 'failed', reason: 'stale', read: true, tasks: 1 });
    // It is half an hour ago that the source served it.
    expect(await source()).toEqual(well);
  });

  it('and that failed open no breaker: that was then', async () => {
    await cloud.world.uncheckedFromNow('the attempts tell another end than their answers');
    const waiting: FetchedAnswers[] = [];
    for (let each = 0; each < 4; each += 1) {
      // The scraper saw an answer in it, the parser of ingest does not.
      const answers = await fetchNow(500);
      await tell({ ...answers, outcome: { ...answers.outcome, ok: true, reason: null, detail: null, message: null } });
      waiting.push(answers);
      cloud.pass(minute);
    }
    await read(waiting.slice(0, 1));
    expect(await source()).toMatchObject({ incidents: 1 });
    cloud.pass(overdueAfterMs);
    await read(waiting.slice(1));
    expect(await ends()).toEqual([{ status: 'failed', reason: 'down', read: true, tasks: 4 }]);
    expect(await source()).toEqual({ incidents: 1, breaker: 'closed' });
  });

  it('are no more stale when they are replayed', async () => {
    const waiting = await backlog(2);
    await read(waiting);
    cloud.pass(60 * minute);
    await read([await fetchNow()]);
    const id = '7b2f6c8e-1111-5111-8111-111111111111';
    await cloud.all('INSERT INTO replay (id, requested_at, blobs) VALUES ($1, $2, 2)', [id, new Date(cloud.now())]);
    await cloud.stores.queue.send(
      'ingest',
      waiting.map(({ message }) => ({ ...message, replay: { id, believe: [] } })),
    );
    await cloud.stages.ingest();
    expect(await cloud.all('SELECT reason, count(*)::int AS batches FROM batch GROUP BY 1')).toEqual([
      { reason: null, batches: 5 },
    ]);
  });
});

describe('a kept answer whose message to ingest is lost', () => {
  it('is found and sent once, before its task is overdue; its task succeeds [fault 18]', async () => {
    const lost = await fetchNow();
    await tell(lost);
    cloud.pass(overdueAfterMs - minute);
    expect(await watch()).toMatchObject({ found: [], overdue: [] });
    cloud.pass(2 * minute);
    expect(await batches()).toBe(0);
    expect(await watch()).toMatchObject({ found: [lost.message.blobKey], overdue: [] });
    expect(await watch()).toMatchObject({ found: [], overdue: [] });
    const sent = cloud.stores.queue.take('ingest');
    expect(sent).toEqual([lost.message]);
    await read([lost]);
    expect(await ends()).toEqual([{ status: 'succeeded', reason: null, read: true, tasks: 1 }]);
    expect(await source()).toEqual(well);
    cloud.pass(overdueAfterMs);
    expect(await watch()).toMatchObject({ found: [], overdue: [] });
  });

  it('is not sent again when it was read, nor while ingest is stopped', async () => {
    const fine = await fetchNow();
    await tell(fine);
    await read([fine]);
    const stopped = await fetchNow();
    await tell(stopped);
    await cloud.all(`INSERT INTO service_state (service_id, running, changed_at) VALUES ('ingest', false, $1)`, [
      new Date(cloud.now()),
    ]);
    cloud.pass(2 * overdueAfterMs);
    expect(await watch()).toMatchObject({ found: [], overdue: [] });
    await cloud.all(`UPDATE service_state SET running = true, changed_at = $1`, [new Date(cloud.now())]);
    cloud.pass(minute);
    expect(await watch()).toMatchObject({ found: [] });
    cloud.pass(overdueAfterMs);
    expect(await watch()).toMatchObject({ found: [stopped.message.blobKey] });
  });

  it('and gone with the bucket ends its task, and nothing is sent that nobody can read [fault 18]', async () => {
    await cloud.world.uncheckedFromNow('the bucket is emptied');
    const lost = await fetchNow();
    await tell(lost);
    cloud.stores.blobs.blobs.clear();
    cloud.pass(overdueAfterMs + minute);
    expect(await watch()).toMatchObject({ found: [], overdue: ['yahoo'] });
    expect(await ends()).toEqual([{ status: 'failed', reason: 'timeout', read: false, tasks: 1 }]);
  });

  it('and whose outcome is lost with it, is found and read; its task succeeds [fault 2]', async () => {
    const lost = await fetchNow();
    cloud.pass(overdueAfterMs + minute);
    expect(await watch()).toMatchObject({ found: [lost.message.blobKey], overdue: [] });
    await cloud.stages.ingest();
    await cloud.stages.monitor();
    expect(await ends()).toEqual([{ status: 'succeeded', reason: null, read: true, tasks: 1 }]);
    expect(await source()).toEqual(well);
  });
});

describe('a dead letter of ingest', () => {
  it('that is redriven twice, after its task was ended, gives its rows once and the task its success [fault 25]', async () => {
    const dead = await fetchNow();
    await tell(dead);
    cloud.pass(overdueAfterMs + minute);
    await watch();
    // Ingest cannot read it: what was sent again becomes a dead letter, too.
    cloud.stores.queue.take('ingest');
    cloud.pass(overdueAfterMs + minute);
    expect(await watch()).toMatchObject({ overdue: ['yahoo'] });
    expect(await ends()).toEqual([{ status: 'failed', reason: 'timeout', read: false, tasks: 1 }]);
    // The answer is there: that nothing has read it is no evidence against the source.
    expect(await source()).toEqual(well);

    await read([dead]);
    const first = await cloud.all(
      'SELECT t.status, t.batch_id, t.finished_at, t.accepted FROM task t JOIN batch b ON b.id = t.batch_id',
    );
    expect(first).toMatchObject([{ status: 'succeeded', accepted: 1 }]);
    cloud.pass(minute);
    await read([dead]);
    expect(
      await cloud.all(
        'SELECT t.status, t.batch_id, t.finished_at, t.accepted FROM task t JOIN batch b ON b.id = t.batch_id',
      ),
    ).toEqual(first);
    expect(
      await cloud.all(`SELECT (SELECT count(*)::int FROM batch) AS batches, (SELECT count(*)::int FROM quote) AS quotes,
                              (SELECT count(*)::int FROM outbox WHERE type = 'quotes.stored') AS events`),
    ).toEqual([{ batches: 1, quotes: 1, events: 1 }]);
    expect(await source()).toEqual(well);
  });

  it('does not undo another end: what the source refused stays refused', async () => {
    const refused = await fetchNow(500);
    await tell(refused);
    expect(await ends()).toMatchObject([{ status: 'failed', reason: 'down' }]);
    await read([refused]);
    expect(await ends()).toMatchObject([{ status: 'failed', reason: 'down' }]);
  });
});
