/**
 * A million bars in by `quotron etl process`, and their sum out again by the API: `node tests/bench/million-bars.ts [rows]`
 * beside a running local cloud (`npm start`). Prints the figures; ends with 1 when a row or the sum is not right, or when the
 * same file adds rows the second time.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { importSchema } from '../../core/contracts/http/imports.ts';
import { barsSchema } from '../../core/contracts/http/market.ts';
import { localFileSchema } from '../../localstack/cloud.ts';
import { readState, root, stateFolder } from '../../localstack/state-folder.ts';

const wanted = Number(process.argv[2] ?? 1_000_000);
const perSymbol = 5_000;
const cloud = readState(join(stateFolder(), 'local.json'), localFileSchema);
if (!cloud || !Number.isInteger(wanted) || wanted < 1) {
  console.error(cloud ? 'Usage: node tests/bench/million-bars.ts [rows]' : 'No local cloud runs here: npm start.');
  process.exit(2);
}
const { apiUrl, apiKeys } = cloud;
const reportSchema = z.object({ import: importSchema });
const pageSchema = z.object({ data: barsSchema, meta: z.object({ nextCursor: z.string().optional() }) });

const folder = mkdtempSync(join(tmpdir(), 'quotron-million-'));
const path = join(folder, 'bars.csv');
let failures = 0;
try {
  const symbols = Math.ceil(wanted / perSymbol);
  const sums = await write(symbols);
  console.log(`${wanted} bars of ${symbols} symbols, ${(statSync(path).size / 1e6).toFixed(1)} MB of CSV`);
  const first = await etl();
  expect('rows good', first.import.accepted, wanted);
  expect('rows held back', first.import.rejected, 0);
  const started = performance.now();
  let rows = 0;
  let sum = 0n;
  for (let symbol = 0; symbol < symbols; symbol++) {
    const closes = await closesOf(nameOf(symbol));
    rows += closes.length;
    sum += closes.reduce((total, close) => total + cents(close), 0n);
  }
  console.log(`out: ${rows} bars in ${((performance.now() - started) / 1000).toFixed(1)} s by the API`);
  expect('bars out', rows, wanted);
  expect('sum of closes', `${sum}`, `${sums}`);
  const again = await etl();
  expect('rows that the same file wrote', again.import.written, 0);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failures > 0 ? 1 : 0);

function nameOf(symbol: number): string {
  return `MIL${String(symbol).padStart(4, '0')}`;
}

/** Writes the file; gives the sum of the closes in cents. */
async function write(symbols: number): Promise<bigint> {
  const file = createWriteStream(path);
  file.write('symbol,date,open,high,low,close,volume,currency\n');
  let sum = 0n;
  for (let symbol = 0, rows = 0; symbol < symbols; symbol++) {
    let lines = '';
    for (let day = 0; day < perSymbol && rows < wanted; day++, rows++) {
      // Prices that move by less than a percent, so that nothing speaks against them.
      const close = 10_000 + ((symbol * 7 + day * 13) % 50);
      sum += BigInt(close);
      const date = new Date(Date.UTC(2010, 0, 1 + day)).toISOString().slice(0, 10);
      lines += `${nameOf(symbol)},${date},100,101,99.5,${(close / 100).toFixed(2)},1000,USD\n`;
    }
    if (!file.write(lines)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
  return sum;
}

/** Runs the command, and prints how long it took and how much memory it held. */
async function etl() {
  const started = performance.now();
  const args = [join(root, 'cli', 'quotron.ts'), 'etl', 'process', path, '--licence', 'internal', '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env: process.env });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  let peakMb = 0;
  const watch = setInterval(() => {
    peakMb = Math.max(peakMb, heldMb(child.pid));
  }, 100);
  await once(child, 'close');
  clearInterval(watch);
  const seconds = (performance.now() - started) / 1000;
  const report = reportSchema.parse(JSON.parse(stdout));
  const { accepted, written, parts } = report.import;
  console.log(
    `in: ${accepted} good, ${written} written, ${parts} parts, ${seconds.toFixed(1)} s, ${Math.round(wanted / seconds)} rows/s, at most ${peakMb} MB held`,
  );
  return report;
}

/** The memory of a process, where /proc says it. */
function heldMb(pid: number | undefined): number {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kilobytes ?? 0) / 1024);
  } catch {
    return 0;
  }
}

async function closesOf(symbol: string): Promise<string[]> {
  const closes: string[] = [];
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({ source: 'import', limit: '10000', decimals: 'string' });
    if (cursor !== undefined) query.set('cursor', cursor);
    const answer = await fetch(`${apiUrl}/bars/${symbol}?${query}`, { headers: { 'x-api-key': apiKeys.read } });
    const { data, meta } = pageSchema.parse(await answer.json());
    closes.push(...data.bars.map(({ close }) => String(close)));
    cursor = meta.nextCursor;
  } while (cursor !== undefined);
  return closes;
}

function cents(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole) * 100n + BigInt(fraction.padEnd(2, '0'));
}

function expect(what: string, is: unknown, should: unknown): void {
  if (is === should) console.log(`${what}: ${String(is)}`);
  else {
    failures++;
    console.error(`${what}: ${String(is)}, and should be ${String(should)}`);
  }
}
