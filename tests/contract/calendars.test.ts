import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  calendarIds,
  calendarOf,
  calendarOutline,
  sessionOn,
  type TradingSession,
} from '../../core/market/calendar.ts';
import { messageOf } from '../../localstack/problem.ts';
import { root } from '../../localstack/state-folder.ts';
import { installPython } from '../clients/yahoo-clients.ts';
import { notRunHere } from '../support/fault-table/not-run-here.ts';

const folder = join(root, 'core/market/calendars');
const script = join(folder, 'make-calendars.py');
const overridesSchema = z.record(
  z.string(),
  z.object({
    why: z.string().min(20),
    hours: z.array(z.tuple([z.string(), z.string()], z.record(z.string(), z.string()))).optional(),
    days: z.record(z.string(), z.string()).optional(),
  }),
);
const overrides = overridesSchema.parse(JSON.parse(readFileSync(join(folder, 'overrides.json'), 'utf8')));
/** Date, opening, break, close: milliseconds since the epoch. */
const referenceSchema = z.object({
  id: z.string(),
  sessions: z.array(z.tuple([z.string(), z.int(), z.int().nullable(), z.int().nullable(), z.int()])),
});

/** The first time, Python compiles all of pandas: half a minute on a machine that is busy with other tests. */
const scriptTimeoutMs = 180_000;

/** What the script says: of `--check` with its exit code, and of `--reference` on stdout. */
let said: { status: number | null; stdout: string; stderr: string } | null = null;
let why = '';

beforeAll(async () => {
  try {
    const python = await installPython();
    said = spawnSync(python, [script, '--check', '--reference'], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      timeout: scriptTimeoutMs,
      // Where Python is told to keep nothing that it compiles, it compiles pandas each time.
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '' },
    });
  } catch (error) {
    why = messageOf(error);
  }
}, 2 * scriptTimeoutMs);

describe('the data of calendars', () => {
  it('is what the script makes of the pinned package and the overrides', (context) => {
    if (said === null) return notRunHere(context, `exchange_calendars cannot be asked: ${why}`);
    expect([said.status, said.stderr]).toEqual([0, '']);
  });

  it('gives the sessions that exchange_calendars itself gives, every one since 2015', (context) => {
    if (said === null) return notRunHere(context, `exchange_calendars cannot be asked: ${why}`);
    const references = said.stdout
      .trim()
      .split('\n')
      .map((line) => referenceSchema.parse(JSON.parse(line)));
    const nearest = calendarIds.filter((id) => calendarOutline(id)?.nearest != null);
    expect([...references.map(({ id }) => id), ...nearest]).toEqual(calendarIds);
    expect(nearest).toEqual(['XSHE', 'XNSE', 'XKOS']);
    for (const { id, sessions } of references) {
      const calendar = calendarOf(id);
      if (!calendar) throw new Error(`there is no calendar ${id}`);
      const corrected = overrides[id]?.days ?? {};
      const theirs = new Map(sessions.map(([date, ...times]) => [date, times]));
      const years = Number(calendar.validThrough.slice(0, 4)) - Number(calendar.validFrom.slice(0, 4)) + 1;
      expect(theirs.size, id).toBeGreaterThan(years * 236);
      const differing: unknown[] = [];
      for (const date of datesBetween(calendar.validFrom, calendar.validThrough)) {
        if (corrected[date] !== undefined) continue;
        const ours = timesOf(sessionOn(calendar, date));
        const other = theirs.get(date) ?? null;
        // Where hours are corrected, the package lacks a break, or closes up to an hour later.
        if (overrides[id]?.hours !== undefined && ours && other) {
          const early = (other[3] - (ours[3] ?? 0)) / 60_000;
          if (ours[0] !== other[0] || early < 0 || early > 60) differing.push({ date, ours, other });
          continue;
        }
        if (JSON.stringify(ours) !== JSON.stringify(other)) differing.push({ date, ours, other });
      }
      expect(differing, id).toEqual([]);
    }
  });

  it('is small: every Lambda that knows a calendar carries it', () => {
    expect(readFileSync(join(folder, 'data.ts')).length).toBeLessThan(30_000);
  });
});

function timesOf(session: TradingSession | null) {
  return session && [session.opensAt, session.breakFrom ?? null, session.breakUntil ?? null, session.closesAt];
}

function* datesBetween(from: string, to: string): Generator<string> {
  for (let day = Date.parse(`${from}T00:00:00Z`); day <= Date.parse(`${to}T00:00:00Z`); day += 86_400_000)
    yield new Date(day).toISOString().slice(0, 10);
}
