#!/usr/bin/env node
/**
 * What the npm scripts run: `node localstack/run.mjs <script.ts> [arguments]`. It uses nothing but Node 20 itself.
 *
 *   1. install with `npm ci`, when node_modules is missing or was installed from another package-lock.json
 *   2. continue on the Node that the project pins (node_modules/.bin/node), passing on signals and the exit code. What it
 *      compiles is cached in node_modules/.cache, for it and its children: half of a command's own time. A `kill -9` of this
 *      process, which leaves it no time to pass anything on, ends it too
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const bin = join(modules, '.bin');
const stamp = join(modules, '.quotron-lock');

const [major] = process.versions.node.split('.').map(Number);
if (major === undefined || major < 20) {
  fail(
    `This is Node ${process.versions.node}, and Quotron's commands need Node 20 or newer to install the Node that it pins. ` +
      'Install a newer Node (https://nodejs.org) and run the command again.',
  );
}

const [script, ...args] = process.argv.slice(2);
if (script === undefined) fail('Usage: node localstack/run.mjs <script.ts> [arguments]');

// A signal for the whole terminal reaches the child as well; this process only has to wait for it.
let child;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(name, () => {
    if (child !== undefined) child.kill(name);
  });
}

// npm passes a signal to a shell that dies of it without passing it on, and a kill -9 reaches npm alone. So the child
// is stopped when the parent is gone: once, because a second signal means "immediately, whatever is lost".
const parent = process.ppid;
const watch = setInterval(() => {
  if (process.ppid === parent || child === undefined) return;
  clearInterval(watch);
  child.kill('SIGTERM');
}, 500);
watch.unref();

const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
if (!existsSync(join(bin, 'node')) || !existsSync(stamp) || readFileSync(stamp, 'utf8').trim() !== wanted)
  await install();

const orphaned = pathToFileURL(join(root, 'localstack', 'end-when-orphaned.mjs')).href;
process.exitCode = await run(join(bin, 'node'), ['--import', orphaned, script, ...args], 'inherit', {
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(modules, '.cache', 'node'),
});

async function install() {
  const why = existsSync(modules) ? 'package-lock.json has changed' : 'first time';
  const packages = packagesOfLock();
  process.stderr.write(
    `Installing ${packages.length} packages with npm ci (${why}): Node, PostgreSQL, a browser, the tools of AWS and the rest, some 950 MB …\n`,
  );
  const started = Date.now();
  const seconds = () => ((Date.now() - started) / 1000).toFixed(0);
  const progress = setInterval(() => {
    const there = packages.filter((name) => existsSync(join(root, name, 'package.json'))).length;
    const what =
      there < packages.length ? `${there} of ${packages.length} packages` : 'all packages, now their own installation';
    process.stderr.write(`  ${what} (${seconds()} s)\n`);
  }, 10_000);
  // npm's output goes to stderr: stdout is the command's own (`--json` is read by machines).
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const code = await run(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], ['ignore', 2, 2]);
  clearInterval(progress);
  if (code !== 0) {
    fail(
      `npm ci failed (exit code ${code}), so nothing was started. Its message is above; most often the package registry ` +
        'cannot be reached, or the disk is full. Put that right and run the command again.',
      code,
    );
  }
  mkdirSync(modules, { recursive: true });
  writeFileSync(stamp, `${wanted}\n`);
  process.stderr.write(`Installed in ${seconds()} s\n`);
}

/** Where the packages of the lock file that are for this machine are installed. */
function packagesOfLock() {
  const { packages = {} } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const fits = (allowed, own) =>
    allowed === undefined ||
    (allowed.includes(own) ? true : allowed.some((each) => each.startsWith('!') && each !== `!${own}`));
  return Object.entries(packages).flatMap(([name, { os, cpu, libc }]) =>
    name !== '' && fits(os, process.platform) && fits(cpu, process.arch) && !libc?.includes('musl') ? [name] : [],
  );
}

/** Runs a command in the project with its tools first on the PATH; gives its exit code, 128 + n after a signal. */
function run(command, args, stdio, env = {}) {
  return new Promise((resolve) => {
    child = spawn(command, args, {
      cwd: root,
      stdio,
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`, ...env },
    });
    child.once('error', (error) =>
      fail(`${command} could not be run (${error.message}). Is npm installed and on the PATH?`),
    );
    child.once('exit', (code, signal) => {
      child = undefined;
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

function fail(message, code = 1) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}
