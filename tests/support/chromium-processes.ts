import { readdirSync, readFileSync } from 'node:fs';

/** A running process of Chromium. */
export interface ChromiumProcess {
  readonly pid: number;
  /** Resident memory in bytes. */
  readonly memory: number;
}

const pageBytes = 4096;

/** Processes of Chromium that descend from this one. */
export function chromiumProcesses(): ChromiumProcess[] {
  const parents = new Map<number, number>();
  const found = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      parents.set(Number(name), Number(fields[1]));
      if (fields[0] !== 'Z' && /chrom/i.test(readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')[0] ?? ''))
        found.set(Number(name), Number(fields[21] ?? 0) * pageBytes);
    } catch {
      // Gone meanwhile.
    }
  }
  const descends = (pid: number): boolean => {
    for (let at = parents.get(pid); at !== undefined && at > 1; at = parents.get(at))
      if (at === process.pid) return true;
    return false;
  };
  return [...found].filter(([pid]) => descends(pid)).map(([pid, memory]) => ({ pid, memory }));
}
