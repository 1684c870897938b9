import { makeKey, testApi } from '../support/api-fixture.ts';
import { startTestDatabase } from '../support/postgres.ts';
import { startContainers } from './containers.ts';
import { makeTick, symbolOf, universe } from './quote-answers.ts';

export interface ServeResult {
  readonly request: string;
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const startsAt = Date.UTC(2026, 10, 20, 14, 30);

/** Latest quotes through the API's Hono app in process, on a warm pool of one connection, as a container has it. */
export async function benchServe(requests: number): Promise<ServeResult[]> {
  const database = await startTestDatabase(new Date(startsAt));
  try {
    const containers = startContainers(database.url);
    const { messages, blobs } = await makeTick(0, startsAt, 5_000);
    await containers.ingest(
      messages.flatMap((message, index) => {
        const blob = blobs[index];
        return blob ? [{ message, blob }] : [];
      }),
    );
    await containers.stop();
    const pool = database.pool(1);
    await pool.query('VACUUM ANALYZE');
    const key = await makeKey(pool, 'read');
    const { app } = testApi(pool, {
      clock: () => startsAt + 90_000,
      rateLimit: { perSecond: 1e9, burst: 1e9 },
    });
    const ask = async (path: string) => {
      const answer = await app.request(`/api/v1${path}`, { headers: { 'x-api-key': key } });
      const text = await answer.text();
      if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}: ${text.slice(0, 200)}`);
    };
    const one = (n: number) => `/quotes/${symbolOf((n * 7919) % universe)}`;
    const fifty = (n: number) =>
      `/quotes?symbols=${Array.from({ length: 50 }, (_, each) => symbolOf((n * 7919 + each * 101) % universe)).join()}`;
    return [
      await time('GET /quotes/{symbol}', requests, (n) => ask(one(n))),
      await time('GET /quotes?symbols= (50)', Math.ceil(requests / 10), (n) => ask(fifty(n))),
    ];
  } finally {
    await database.stop();
  }
}

/** One request after the other: a container has one at a time. */
async function time(request: string, requests: number, ask: (n: number) => Promise<void>): Promise<ServeResult> {
  for (let n = 0; n < requests / 10; n++) await ask(n);
  const times: number[] = [];
  for (let n = 0; n < requests; n++) {
    const started = performance.now();
    await ask(n);
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  const at = (fraction: number) => Math.round((times[Math.floor(times.length * fraction)] ?? 0) * 100) / 100;
  return { request, requests, p50Ms: at(0.5), p99Ms: at(0.99) };
}
