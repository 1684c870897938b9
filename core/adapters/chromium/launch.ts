import { accessSync, constants, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import * as z from 'zod';
import { findChromium } from './executable.ts';
import { bytesIn, ownFolder, type RoomIn, removeLeftovers, requireRoom, roomIn, startError } from './room.ts';

/** A running Chromium, and how to end it. */
export interface RunningChromium {
  readonly browser: Browser;
  /** Memory of all its processes in bytes; `null` where the system does not report it. */
  memory(): number | null;
  /** Bytes that it has written to its folder. */
  written(): number;
  /** Ends it, by force if needed. Afterwards all of its processes are gone. */
  end(): Promise<void>;
}

/** From the start of the program to its first answer. Unpacking is not counted. */
const launchTimeoutMs = 20_000;
/** How long it may take to exit. */
const closeTimeoutMs = 3_000;

/** For the profile of a browser and what it writes while it runs. */
const runningMb = 32;

/**
 * Variables that must not reach a program that runs untrusted scripts: credentials, and the address of the Lambda
 * runtime.
 */
const withheld = /^(AWS_|_|LAMBDA_)|SECRET|TOKEN|PASSWORD|DATABASE_URL/;

/**
 * Starts Chromium. All of its traffic goes through `proxyUrl`, loopback included.
 *
 * `oneProcess` is for AWS Lambda, where child processes of the browser are not allowed to give up privileges and die.
 */
export async function launchChromium(of: {
  named: string | undefined;
  unpackIn: string | undefined;
  pack: string | undefined;
  proxyUrl: string;
  oneProcess: boolean;
  heapMb: number;
  room: RoomIn | undefined;
}): Promise<RunningChromium> {
  const found = await findChromium(of.named, of);
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || withheld.test(name) ? [] : [[name, value]],
    ),
  );
  const { room = roomIn } = of;
  removeLeftovers(tmpdir(), Date.now(), { alone: of.oneProcess });
  requireRoom(tmpdir(), runningMb, room);
  // Chromium sometimes leaves empty files behind. They are in a folder that is deleted with it.
  const scratch = ownFolder(tmpdir(), 'browser');
  const tidy = () => rmSync(scratch, { recursive: true, force: true, maxRetries: 2 });
  const launching = chromium.launch({
    executablePath: withoutDumps(found.path, scratch),
    env: { ...env, ...found.env, TMPDIR: scratch },
    timeout: launchTimeoutMs,
    proxy: { server: of.proxyUrl },
    // Chromium's sandbox does not work in containers or as root; Lambda itself is one, a virtual machine per container.
    chromiumSandbox: process.platform !== 'linux',
    args: [
      '--disable-gpu',
      '--disable-webgl',
      '--disk-cache-size=1',
      '--disable-domain-reliability',
      '--no-pings',
      // The one kind of traffic that would not go through the proxy.
      '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
      `--js-flags=--max-old-space-size=${of.heapMb}`,
      // Elsewhere a zygote forks a process for each page: half the work of starting the program.
      ...(of.oneProcess ? ['--single-process', '--in-process-gpu', '--no-zygote'] : []),
    ],
  });
  const browser = await launching.catch((error: unknown) => {
    tidy();
    throw startError(error, tmpdir(), runningMb, room);
  });
  const pid = await pidOf(browser);
  return {
    browser,
    memory: () => (pid === null ? null : groupMemory(pid)),
    written: () => bytesIn(scratch),
    async end() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<'late'>((resolve) => {
        timer = setTimeout(() => resolve('late'), closeTimeoutMs);
      });
      const closed = browser.close().then(
        () => 'closed' as const,
        () => 'late' as const,
      );
      const how = await Promise.race([closed, late]);
      clearTimeout(timer);
      if (how === 'late' && pid !== null) kill(pid);
      tidy();
    },
  };
}

/**
 * A program that starts the browser without core dumps, which have hundreds of megabytes: with a limit of 0, and in a folder
 * that is deleted with it. Node itself cannot set limits. Where scripts may not be run, the browser itself.
 */
function withoutDumps(path: string, scratch: string): string {
  if (process.platform === 'win32') return path;
  const program = join(scratch, 'start');
  try {
    writeFileSync(program, `#!/bin/sh\ncd ${quoted(scratch)}\nulimit -c 0\nexec ${quoted(path)} "$@"\n`, {
      mode: 0o700,
    });
    accessSync(program, constants.X_OK);
    return program;
  } catch {
    return path;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const processes = z.object({ processInfo: z.array(z.object({ type: z.string(), id: z.int() })) });

async function pidOf(browser: Browser): Promise<number | null> {
  try {
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = processes.parse(await session.send('SystemInfo.getProcessInfo'));
    await session.detach();
    return processInfo.find(({ type }) => type === 'browser')?.id ?? null;
  } catch {
    return null;
  }
}

/** Playwright starts the browser as the leader of a process group. */
function kill(pid: number): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL');
      return;
    } catch {
      // No such group, or gone already.
    }
  }
}

const pageBytes = 4096;

/** Resident memory of all processes of a group, from /proc. Shared pages are counted once per process. */
function groupMemory(group: number): number | null {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .reduce((sum, name) => sum + memoryIfIn(group, name), 0);
  } catch {
    return null;
  }
}

function memoryIfIn(group: number, pid: string): number {
  try {
    // "pid (name) state ppid pgrp …": the name may hold anything, so read from its end.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(fields[2]) !== group) return 0;
    return Number(fields[21] ?? 0) * pageBytes;
  } catch {
    return 0;
  }
}
