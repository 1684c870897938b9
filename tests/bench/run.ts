/**
 * `npm run bench`: how fast, beside what the same machine can do at best in the same run.
 *
 *   npm run bench -- [--sizes 10000,100000,1000000] [--quotes-per-blob 5000] [--only ingest,ingest-events,serve,proxy,browser,bundles,events] [--json]
 *   npm run bench -- --against <commit> [--rounds 9] [--arms <part of a name>] [--json]
 *
 * A blob is what one task brought: 5,000 quotes for a large universe, 200 as the catalogue has it.
 * Prints a table and writes `.quotron/bench.json`; with `--json` only the JSON.
 *
 * `--against` compares the processor time of functions and of a page in Chromium with that of an earlier commit (see
 * against/compare.ts), and ends with exit code 1 when one takes more than 1.10 of before. Uncommitted changes count.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compareWith, mostRatio, tableOf } from './against/compare.ts';
import { type BrowserResult, benchBrowser } from './browser-bench.ts';
import { type BundleResult, benchBundles } from './bundle-bench.ts';
import { benchEvents, type EventsResult } from './events-bench.ts';
import { benchIngest, type IngestResult } from './ingest-bench.ts';
import { benchIngestEvents, type IngestEventsResult } from './ingest-events-bench.ts';
import { benchProxy, type ProxyResult } from './proxy-bench.ts';
import { benchServe, type ServeResult } from './serve-bench.ts';

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10000,100000,1000000' },
    'quotes-per-blob': { type: 'string', default: '5000' },
    only: { type: 'string', default: 'ingest,ingest-events,serve,proxy,browser,bundles,events' },
    against: { type: 'string' },
    rounds: { type: 'string', default: '9' },
    arms: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const sizes = values.sizes.split(',').map(Number);
const quotesPerBlob = Number(values['quotes-per-blob']);
if ([...sizes, quotesPerBlob].some((size) => !Number.isInteger(size) || size < 1)) {
  console.error(
    '--sizes takes whole numbers, separated by commas (quotes in each run), and --quotes-per-blob one whole number.',
  );
  process.exit(2);
}
const parts = new Set(values.only.split(','));
const say = (line: string) => {
  if (!values.json) console.log(line);
};
const number = (value: number) => value.toLocaleString('en');

if (values.against !== undefined) {
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    console.error('--rounds takes a whole number.');
    process.exit(2);
  }
  say(`Processor time of functions beside ${values.against}`);
  const comparisons = await compareWith(values.against, rounds, values.arms, say);
  for (const line of tableOf(comparisons)) say(line);
  if (values.json) console.log(JSON.stringify(comparisons, null, 2));
  process.exit(comparisons.every(({ ratio }) => ratio <= mostRatio) ? 0 : 1);
}

const report: {
  at: string;
  node: string;
  cpus: number;
  ingest: IngestResult[];
  ingestEvents: IngestEventsResult | null;
  serve: ServeResult[];
  proxy: ProxyResult[];
  browser: BrowserResult[];
  bundles: BundleResult[];
  events: EventsResult[];
} = {
  at: new Date().toISOString(),
  node: process.version,
  cpus: cpus().length,
  ingest: [],
  ingestEvents: null,
  serve: [],
  proxy: [],
  browser: [],
  bundles: [],
  events: [],
};

if (parts.has('ingest')) {
  say(
    '\nIngest from gzip blobs beside COPY into an identical, empty table (same partitions, index, generated columns; fsync on)',
  );
  // Shorter runs vary more: the median of more of them.
  report.ingest = await benchIngest(sizes, quotesPerBlob, (size) => (size <= 100_000 ? 5 : 1), say);
  for (const each of report.ingest) {
    say(
      `  ${number(each.quotes).padStart(9)} quotes  COPY ${number(each.copyRowsPerSecond).padStart(8)} rows/s  ` +
        `ingest ${number(each.ingestRowsPerSecond).padStart(7)} rows/s  ratio ${each.ratio.toFixed(2)}  ` +
        `replay ${number(each.replayRowsPerSecond)} rows/s, ${each.replayAddedRows} rows added`,
    );
  }
  const [first] = report.ingest;
  if (first)
    say(
      `  Blobs of ${number(first.quotesPerBlob)} quotes, ${first.containers} warm containers with a connection each; ` +
        `COPY on one connection, its text made beforehand; rows counted after each run.`,
    );
}

if (parts.has('serve')) {
  say('\nLatest quote through the API in process (one warm connection)');
  report.serve = await benchServe(5_000);
  for (const each of report.serve)
    say(`  ${each.request.padEnd(26)} p50 ${each.p50Ms.toFixed(2)} ms  p99 ${each.p99Ms.toFixed(2)} ms`);
}

if (parts.has('proxy')) {
  say(
    '\nCache hits of the Yahoo proxy beside a bare node:http server with the same bytes (50 connections, median of 5)',
  );
  report.proxy = await benchProxy(2, 5);
  for (const each of report.proxy)
    say(
      `  ${each.request.padEnd(32)} ${number(each.bytes).padStart(6)} B  bare ${number(each.bareRequestsPerSecond).padStart(7)} req/s, p99 ${each.bareP99Ms.toFixed(2)} ms  ` +
        `proxy ${number(each.requestsPerSecond).padStart(7)} req/s, p50 ${each.p50Ms.toFixed(2)} ms, p99 ${each.p99Ms.toFixed(2)} ms  ratio ${each.ratio.toFixed(2)}, ${each.cpuUs.toFixed(1)} µs of the processor (${each.bareCpuUs.toFixed(1)}), ratio ${each.cpuRatio.toFixed(2)}`,
    );
}

if (parts.has('browser')) {
  say('\nA page of 503 constituents in Chromium, rendered and read; 200 of them in one warm process');
  report.browser = await benchBrowser(200);
  for (const each of report.browser)
    say(
      `  ${each.mode.padEnd(12)} new container ${each.unpackedMs === null ? '–' : number(each.unpackedMs)} ms  cold ${number(each.coldMs)} ms  warm p50 ${number(each.warmP50Ms)} ms, p99 ${number(each.warmP99Ms)} ms  ` +
        `after 10 and ${each.pages} pages: /tmp ${each.tmpEntries.join(' and ')} entries, ${each.processes.join(' and ')} processes, ${each.memoryMb.join(' and ')} MB, at most ${each.mostMemoryMb} MB`,
    );
}

if (parts.has('events')) {
  say('\nEvents through outbox and relay beside the bare client of the transport (median of 3 on Kafka)');
  await benchEvents(100_000, say, (each) => {
    report.events.push(each);
    say(
      `  ${each.transport.padEnd(26)} ${number(each.events).padStart(7)} events  written ${number(each.writtenPerSecond).padStart(6)}/s  ` +
        `relayed ${number(each.relayedPerSecond).padStart(6)}/s  bare ${number(each.barePerSecond).padStart(6)}/s  ratio ${each.ratio.toFixed(2)}`,
    );
    const times = ({ node, postgres, broker }: EventsResult['relay']) =>
      `${node.toFixed(1)} µs of node, ${postgres.toFixed(1)} of Postgres, ${broker.toFixed(1)} of the broker`;
    say(`  ${''.padEnd(26)} of the processor for an event: relayed ${times(each.relay)}; bare ${times(each.bare)}`);
  });
}

if (parts.has('ingest-events')) {
  say('\nIngest with events beside ingest without them (nine rounds in turn)');
  const each = await benchIngestEvents(9);
  report.ingestEvents = each;
  say(
    `  blobs of ${each.quotesPerBlob} quotes  with ${number(each.rowsPerSecond)} rows/s  without ${number(each.rowsPerSecondWithout)} rows/s  ` +
      `ratio ${each.ratio.toFixed(2)} (${each.lowest.toFixed(2)} to ${each.highest.toFixed(2)})  ` +
      `${each.micros.toFixed(1)} µs of the processor (${each.microsWithout.toFixed(1)}), ratio ${each.processorRatio.toFixed(2)}`,
  );
}

if (parts.has('bundles')) {
  say('\nBundles, as deployed (unzipped), and the time from an empty process to a handler (median of 5)');
  report.bundles = benchBundles();
  for (const each of report.bundles)
    say(
      `  ${each.name.padEnd(17)} ${number(Math.round(each.bytes / 1024)).padStart(5)} KiB  init ${String(each.initMs).padStart(4)} ms`,
    );
}

const json = JSON.stringify(report, null, 2);
const folder = join(import.meta.dirname, '../../.quotron');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'bench.json'), `${json}\n`);
if (values.json) console.log(json);
else say('\nWritten to .quotron/bench.json');
