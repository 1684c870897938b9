import { readdirSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';

/** Linux counts the time of processes in hundredths of a second. */
const microsOfTick = 10_000;

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Of the processor, in microseconds. */
  readonly own: number;
  /** Of its children that have ended. */
  readonly ended: number;
}

/** Processor time of this process, in microseconds. */
export function ownTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Processor time of what a process has started, and of what that has started, in microseconds; 0 without `/proc`. */
export function timeOfDescendants(pid: number): number {
  const all = existing();
  const family = new Set([pid]);
  for (let grew = true; grew; ) {
    const size = family.size;
    for (const each of all) if (family.has(each.parent)) family.add(each.pid);
    grew = family.size > size;
  }
  return all.reduce((sum, { pid: id, own, ended }) => (family.has(id) ? sum + ended + (id === pid ? 0 : own) : sum), 0);
}

/** The process of the database's server, whose children do its work. */
export async function serverOf(pool: Pool): Promise<number> {
  const { rows } = await pool.query('SELECT pg_backend_pid() AS pid');
  const { pid } = z.object({ pid: z.int() }).parse(rows[0]);
  return processOf(String(pid))[0]?.parent ?? 0;
}

function existing(): Process[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? processOf(name) : []));
  } catch {
    return [];
  }
}

/** "pid (name) state ppid …": the name may hold anything, so it is read from its end. */
function processOf(name: string): Process[] {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const micros = (first: number) => (Number(fields[first]) + Number(fields[first + 1])) * microsOfTick;
    return [{ pid: Number(name), parent: Number(fields[1]), own: micros(11), ended: micros(13) }];
  } catch {
    return [];
  }
}
