import { createServer, type Server } from 'node:http';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { startStandalone } from '../../functions/yahoo-proxy/standalone.ts';
import { startUpstreams } from '../../localstack/upstreams/server.ts';

export interface ProxyResult {
  readonly request: string;
  readonly connections: number;
  readonly bytes: number;
  readonly bareRequestsPerSecond: number;
  readonly bareP99Ms: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the bare server's requests per second. */
  readonly ratio: number;
  /** Microseconds of the processor that an answer takes, the bare server's and ours: what a busy machine shows as well. */
  readonly bareCpuUs: number;
  readonly cpuUs: number;
  /** Requests for the same work of the processor, of the bare server's: the median of the rounds. */
  readonly cpuRatio: number;
}

const connections = 50;
const key = 'the-key-of-the-bench';
const paths = ['v7/finance/quote?symbols=AAPL', 'quote/AAPL', 'v8/finance/chart/AAPL?range=1mo&interval=1d'];
const loadSchema = z.object({ requestsPerSecond: z.number(), p50Ms: z.number(), p99Ms: z.number() });
type Load = z.infer<typeof loadSchema>;

interface Measured extends Load {
  /** Of this thread, which serves. The load is made by another. */
  readonly cpuUs: number;
}

interface Round {
  readonly bare: Measured;
  readonly ours: Measured;
}

/**
 * Cache hits of the proxy beside a bare `node:http` server that answers the same bytes and headers, both in this process,
 * loaded from another thread: in turns, `rounds` times, of which the median counts.
 */
export async function benchProxy(seconds: number, rounds: number): Promise<ProxyResult[]> {
  const upstreams = await startUpstreams({ port: 0 });
  const proxy = await startStandalone({
    port: 0,
    host: '127.0.0.1',
    upstream: upstreams.urlOf('yahoo'),
    // Checked on every request, as it is where others reach the proxy.
    key,
    log: (line) => console.error(line),
    heartbeatMs: 0,
  });
  const loader = new Worker(new URL('./load-worker.ts', import.meta.url));
  try {
    const results: ProxyResult[] = [];
    for (const path of paths) results.push(await beside(proxy.url, path, loader, seconds, rounds));
    return results;
  } finally {
    await loader.terminate();
    await proxy.stop();
    await upstreams.stop();
  }
}

async function beside(
  url: string,
  path: string,
  loader: Worker,
  seconds: number,
  rounds: number,
): Promise<ProxyResult> {
  const target = `/yahoo/k/${key}/${path}`;
  // As the load asks for it: not packed.
  const answer = await fetch(url + target, { headers: { 'accept-encoding': 'identity' } });
  if (!answer.ok) throw new Error(`The proxy answered ${answer.status}: there is no hit to measure.`);
  const body = Buffer.from(await answer.arrayBuffer());
  const headers = Object.fromEntries(
    [...answer.headers].filter(([name]) => !/^(date|connection|keep-alive)$/.test(name)),
  );
  const bare = createServer((_request, response) => {
    response.writeHead(200, headers);
    response.end(body);
  });
  await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
  try {
    const port = Number(new URL(url).port);
    const barePort = portOf(bare);
    // Both warm before either counts.
    await run(loader, { port, path: target, connections, seconds: seconds / 2 });
    await run(loader, { port: barePort, path: target, connections, seconds: seconds / 2 });
    const runs: Round[] = [];
    for (let round = 0; round < rounds; round++)
      runs.push({
        bare: await measured(loader, { port: barePort, path: target, connections, seconds }),
        ours: await measured(loader, { port, path: target, connections, seconds }),
      });
    const ratioOf = ({ bare: theirs, ours }: Round) => ours.requestsPerSecond / theirs.requestsPerSecond;
    const cpuRatioOf = ({ bare: theirs, ours }: Round) => theirs.cpuUs / ours.cpuUs;
    const median = medianBy(runs, ratioOf);
    const byCpu = medianBy(runs, cpuRatioOf);
    return {
      request: `GET /yahoo/${path.split('?')[0]}`,
      connections,
      bytes: body.length,
      bareRequestsPerSecond: median.bare.requestsPerSecond,
      bareP99Ms: median.bare.p99Ms,
      requestsPerSecond: median.ours.requestsPerSecond,
      p50Ms: median.ours.p50Ms,
      p99Ms: median.ours.p99Ms,
      ratio: ratioOf(median),
      bareCpuUs: byCpu.bare.cpuUs,
      cpuUs: byCpu.ours.cpuUs,
      cpuRatio: cpuRatioOf(byCpu),
    };
  } finally {
    bare.close();
    bare.closeAllConnections();
  }
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** One load, and what it takes of this thread. */
async function measured(loader: Worker, options: Parameters<typeof run>[1]): Promise<Measured> {
  const before = process.threadCpuUsage();
  const load = await run(loader, options);
  const { user, system } = process.threadCpuUsage(before);
  return { ...load, cpuUs: (user + system) / (load.requestsPerSecond * options.seconds) };
}

function medianBy(rounds: readonly Round[], of: (round: Round) => number): Round {
  const median = rounds.toSorted((a, b) => of(a) - of(b))[Math.floor(rounds.length / 2)];
  if (!median) throw new Error('The bench of the proxy had no rounds: ask for at least one.');
  return median;
}

/** One load, made by the worker. */
function run(
  loader: Worker,
  options: { port: number; path: string; connections: number; seconds: number },
): Promise<Load> {
  return new Promise((resolve, reject) => {
    loader.once('error', reject);
    loader.once('message', (message: unknown) => {
      loader.off('error', reject);
      const parsed = loadSchema.safeParse(message);
      if (parsed.success) resolve(parsed.data);
      else reject(new Error(`The load failed: ${JSON.stringify(message)}`));
    });
    loader.postMessage(options);
  });
}
