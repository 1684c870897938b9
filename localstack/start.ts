/**
 * `npm start`: the local cloud until Ctrl-C, or for one cycle (`--once`).
 *
 * Ctrl-C, SIGTERM, a failing step, a crashing part and a parent that is gone all end the same way: everything that was
 * started here is stopped in reverse order, and nothing else. A second Ctrl-C does not wait. After a `kill -9` of this
 * process, what it started ends by itself (`end-with-parent.ts`).
 */

import { setTimeout as delay } from 'node:timers/promises';
import { Command, CommanderError, Option } from 'commander';
import type { Pool } from '../core/adapters/postgres/database/pool.ts';
import { endedTasksAfter, positionOf } from '../core/adapters/postgres/work/ended-tasks.ts';
import { whyOf } from '../core/contracts/words/causes.ts';
import { Cleanup } from './cleanup.ts';
import { type Cloud, type LocalFile, startCloud } from './cloud.ts';
import {
  type CycleResult,
  outOfReach,
  planCycle,
  resultOf,
  tableOf,
  unknownInWords,
  unknownSymbols,
  unreachableSources,
  waitForRuns,
} from './cycle.ts';
import { databaseId } from './database-login.ts';
import { causeOnDisk } from './disk-problem.ts';
import { type EmulatorKind, emulatorKinds } from './emulator.ts';
import { failingJobs } from './failing-jobs.ts';
import { LocalCloudError, messageOf } from './problem.ts';
import { descendantsOf, signal as send } from './processes.ts';
import { interactive, plain, Step } from './progress.ts';
import { portVariable, readSettings } from './settings.ts';
import { simulationInWords } from './simulated-sources.ts';
import { embedded, folderFor, liveFolder, lock, stateFolder } from './state-folder.ts';

interface StartOptions {
  readonly once: boolean;
  readonly json: boolean;
  readonly live: boolean;
  readonly emulator: EmulatorKind;
  readonly events: 'sns' | 'kafka';
}

/** How long one cycle may take. Quotas spread requests over a minute or more when there are many symbols. */
const cycleTimeoutMs = 180_000;

const started = performance.now();
const stopping = new AbortController();
const cleanup = new Cleanup();
/** A closed pipe (`npm start | head`) must not leave things running. */
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
let asked: number | undefined;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    asked ??= performance.now();
    stopping.abort(new Stopped());
    // One Ctrl-C arrives up to three times: from the terminal, from npm, and from run.mjs.
    if (performance.now() - asked < 1_000) return;
    // A second signal: stop without waiting. PostgreSQL's data survive that; the emulator loses what it had not saved.
    for (const pid of descendantsOf(process.pid).reverse()) send(pid, 'SIGKILL');
    process.exit(130);
  });
}

/** The user stopped the start. */
class Stopped extends Error {
  override readonly name = 'Stopped';
}

const options = parse(process.argv.slice(2));
process.exitCode = await main(options);
// Nothing may keep the process alive: everything that matters has been awaited.
process.exit();

async function main(wanted: StartOptions): Promise<number> {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  let code: number;
  let ready = false;
  let release = () => {};
  try {
    const settings = readSettings(process.env);
    for (const { name, meant } of settings.unknown)
      say(
        `${name} is no setting and has no effect.${meant === null ? '' : ` Did you mean ${meant}?`} All are in docs/configuration.md.`,
      );
    const folder = folderFor(
      wanted.live ? liveFolder(stateFolder()) : stateFolder(),
      settings.database === undefined ? embedded : databaseId(settings.database),
    );
    release = lock(folder);
    const run = process.stdout.isTTY && !wanted.json ? interactive() : plain(wanted.json ? say : console.log);
    const cloud = await startCloud(
      {
        folder,
        settings,
        kind: wanted.emulator,
        events: wanted.events,
        live: wanted.live,
        dashboard: !wanted.once,
        run,
        signal: stopping.signal,
      },
      cleanup,
    );
    for (const note of cloud.notes) say(note);
    if (cloud.emulator.gateSecret === null) say(openEmulator(cloud.emulator.url));
    const over = Promise.race([cloud.broken.then(fail), whenStopped()]);
    // The first one ends it; the other must not surface as an unhandled rejection.
    over.catch(() => undefined);
    const cycle = cycleStep(cloud);
    await Promise.race([run([cycle]), over]);
    if (wanted.once) {
      code = report(cycle.value, cloud.simulatedSources, wanted.json);
    } else {
      ready = true;
      announce(cloud, folder, wanted);
      void watch(cloud.pool, unreachableSources(cycle.value), say);
      await over;
      code = 0;
    }
  } catch (error) {
    code = ready && error instanceof Stopped ? 0 : explain(error, say);
  }
  if (!cleanup.empty && (!wanted.once || code !== 0)) say('Stopping what was started …');
  for (const problem of await cleanup.run()) say(problem);
  release();
  if (ready && code === 0)
    say('Stopped. The data are kept; `npm start` continues with them, `npm run reset` deletes them.');
  return code;
}

function openEmulator(url: string): string {
  return `The emulator at ${url} takes calls from any web page that is open in a browser on this machine; the default emulator stands behind a gate that refuses them.`;
}

function cycleStep(cloud: Cloud) {
  return new Step(
    'First cycle',
    async () => {
      const runs = await planCycle(cloud.functions);
      const unfinished = await waitForRuns(cloud.pool, runs, cycleTimeoutMs, stopping.signal);
      stopping.signal.throwIfAborted();
      return await resultOf(cloud.pool, runs, unfinished);
    },
    (result) => {
      const nothing = outOfReach(result);
      if (nothing !== null) return nothing;
      const problems = [
        ...new Set(result.failures.map((failure) => `${failure.source} ${failure.job}: ${whyOf(failure)}`)),
      ];
      const bad = problems.length === 0 ? '' : `; ${problems.join(', ')}`;
      const open = result.unfinished === 0 ? '' : `; ${result.unfinished} tasks wait`;
      return `${new Set(result.rows.map(({ symbol }) => symbol)).size} symbols, ${result.accepted} rows accepted, ${result.rejected} rejected${bad}${open}`;
    },
  );
}

/** Prints the result of a cycle; returns the exit code: 1 when nothing was stored. */
function report(result: CycleResult, simulated: readonly string[], json: boolean): number {
  const unknown = unknownSymbols(result);
  const ok = result.accepted > 0 && unknown.length === 0;
  if (json)
    process.stdout.write(`${JSON.stringify({ ok, simulatedSources: simulated, unknown, ...result }, null, 2)}\n`);
  else process.stdout.write(`\n${[tableOf(result), simulationInWords(simulated) ?? []].flat().join('\n')}\n`);
  if (result.accepted === 0) process.stderr.write(`Nothing was stored: ${whyNothing(result)}\n`);
  else if (!ok) process.stderr.write(`${unknownInWords(result)}\n`);
  return ok ? 0 : 1;
}

function whyNothing(result: CycleResult): string {
  if (!result.answered) return 'no source has answered.';
  return 'no row of this cycle passed the checks. The reasons are above; the raw answers are kept, and `npm start` shows them.';
}

function announce(cloud: Cloud, folder: string, wanted: StartOptions): void {
  const { local, signInUrl } = cloud;
  if (local === null || signInUrl === null) return;
  if (wanted.json) {
    process.stdout.write(`${JSON.stringify({ ...local, databaseUrl: printedUrl(local), signInUrl }, null, 2)}\n`);
    return;
  }
  const time = ((performance.now() - started) / 1000).toFixed(1);
  const simulation = simulationInWords(cloud.simulatedSources);
  console.log(`
Quotron runs (ready in ${time} s)${wanted.live ? ', with the real services' : ''}.

  Dashboard   ${signInUrl}
              (signs in once; later with a key)
  API         ${local.apiUrl}
  Yahoo proxy YFINANCE_PROXY_URL=${local.dashboardUrl}/yahoo/k/<read key> (for yfinance and other clients: docs/proxy.md)
  Examples    ${local.dashboardUrl}/docs
  Keys        ${folder}/local.json (apiKeys: read, operate, admin)
${simulation === null ? '' : `\n${simulation}\n`}
Ctrl-C stops it; the data is kept.`);
}

/** The address of the database. The password of one that is not ours is not for a log. */
function printedUrl({ databaseUrl, databaseGiven }: LocalFile): string {
  const url = new URL(databaseUrl);
  if (databaseGiven) url.password = '';
  return url.href;
}

/** While it runs: prints jobs that fail, once, and those that work again. */
async function watch(pool: Pool, unreachable: readonly string[], say: (line: string) => void): Promise<void> {
  let position = positionOf(new Date());
  const news = failingJobs(unreachable);
  while (!stopping.signal.aborted) {
    await delay(5_000, undefined, { signal: stopping.signal }).catch(() => undefined);
    try {
      const ended = await endedTasksAfter(pool, position);
      position = ended.at(-1)?.position ?? position;
      for (const line of news(ended)) say(line);
    } catch {
      // The database is stopping, which is reported elsewhere; or one that is not ours is away for a while.
    }
  }
}

function whenStopped(): Promise<never> {
  return new Promise((_resolve, reject) => {
    const { signal } = stopping;
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason));
  });
}

function fail(message: string): never {
  throw new LocalCloudError(message);
}

/** Prints one message for the user; returns the exit code. */
function explain(error: unknown, say: (line: string) => void): number {
  if (stopping.signal.aborted) return 130;
  say('');
  const cause = causeOnDisk(error, stateFolder());
  if (cause !== null) say(cause);
  if (error instanceof LocalCloudError) say(error.message);
  else if (cause !== null) say(messageOf(error));
  else say(`Unexpected error: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`);
  return 1;
}

function parse(args: readonly string[]): StartOptions {
  const program = new Command('npm start --')
    .description('Runs Quotron on this machine: an emulator of AWS, PostgreSQL, simulated sources and the dashboard.')
    .option('--once', 'run one full cycle, print prices and index constituents, then exit', false)
    .option('--json', 'print JSON for machines on stdout, and progress on stderr', false)
    .option('--live', 'call the real services instead of the simulated ones', false)
    .addOption(
      new Option('--emulator <which>', 'the emulator to start (localstack needs Docker)')
        .choices(emulatorKinds)
        .default('ministack'),
    )
    .addOption(
      new Option('--events <where>', 'where events go (kafka needs Java and Maven, or KAFKA_BROKERS)')
        .choices(['sns', 'kafka'])
        .default('sns'),
    )
    .addHelpText(
      'after',
      `
Environment:
  AWS_ENDPOINT_URL           use the running emulator at this URL
  KAFKA_BROKERS              with --events kafka: a Kafka that runs already; KAFKA_SECURITY_PROTOCOL and the like with it
  DB_HOST, DB_PORT, DB_NAME, use a PostgreSQL that exists, of version 14 or newer: schema quotron of that database,
  DB_USER, DB_PASSWORD       as that role; DB_SSLMODE: disable, prefer (the default), require, verify-full
  YFINANCE_PROXY_URL         the Yahoo proxy that the Yahoo source asks, such as that of another Quotron
  QUOTRON_SYMBOLS            symbols that the watch list begins with, separated by commas; read at the first start only
  QUOTRON_WATCH_LIMIT        how many symbols the watch list may have (default: 1000)
  QUOTRON_SIM_LISTINGS       how many invented listings the simulated Yahoo has: 6000, 50000 (default: none)
  QUOTRON_ACCEPT_FINDINGS    rules of prices whose proposals are accepted without a person
  QUOTRON_PUBLIC_STATUS      on: everybody may see how the sources do, at /status
  QUOTRON_ALERTS_FROM, _SMTP sender of mails of alerts, and the server that takes them: smtp://localhost:1025
  QUOTRON_ALERT_HOSTS        hosts with a port that alerts may be sent to on this machine, separated by commas
  QUOTRON_CORS_ORIGINS       origins whose pages may read the API, separated by commas
  QUOTRON_SOURCE_<ID>_URL    base URL of a source
  QUOTRON_SOURCE_<ID>_QUOTA  requests of a minute and a day that a source gets: 200/300000
  QUOTRON_STATE_DIR          where the state is kept (default: .quotron)
  QUOTRON_SIM_SEED, _CLOCK   seed of the simulated prices; time of the simulated market
  QUOTRON_<WHAT>_PORT        fixed ports: ${portVariable('emulator')}, DATABASE, UPSTREAMS, DASHBOARD`,
    )
    .showHelpAfterError()
    .allowExcessArguments(false)
    .exitOverride();
  try {
    program.parse([...args], { from: 'user' });
  } catch (error) {
    // Commander has already printed the error. `--help` is not one.
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
    throw error;
  }
  return program.opts<StartOptions>();
}
