import * as z from 'zod';
import { type BarInterval, barIntervals } from '../../market/bar.ts';
import { coverageStates, missingReasons, noSessionReasons } from '../words/coverage.ts';
import { licenceClasses } from '../words/licence.ts';
import { instrumentSchema } from './market.ts';

const reason = z.enum([...missingReasons, ...noSessionReasons]);

/** Series on a page. */
export const mostSeries = 100;

/**
 * How many series of so many days one answer may have: a hundred of ten years, or four of a century; of bars of less than a
 * day, of which there are hundreds in a session, a hundred of 20 days.
 */
export function seriesWithin(interval: BarInterval, days: number): number {
  const most = interval === '1d' || interval === '1wk' || interval === '1mo' ? 400_000 : 2_000;
  return Math.min(mostSeries, Math.max(1, Math.floor(most / days)));
}

/** Sessions next to each other of which the same holds. Dates are included on both ends. */
export const coverageRangeSchema = z
  .object({
    from: z.iso.date(),
    to: z.iso.date(),
    state: z.enum(coverageStates),
    /** `null` where bars are present. */
    reason: reason.nullable(),
    /** Of weekly and monthly bars, weeks and months. Closed days between two sessions are not counted. */
    sessions: z.int(),
  })
  .meta({ id: 'CoverageRange' });
export type CoverageRangeView = z.infer<typeof coverageRangeSchema>;

/** The bars of a listing from a source in a time: each session is present, missing for a reason, or none. */
export const coverageSchema = z
  .object({
    instrument: instrumentSchema,
    source: z.string(),
    licence: z.enum(licenceClasses),
    interval: z.enum(barIntervals),
    from: z.iso.date(),
    to: z.iso.date(),
    /** Days, weeks or months in which the venue trades: `present` and `missing`, and those outside the listing's life. */
    sessions: z.int(),
    present: z.int(),
    missing: z.int(),
    noSession: z.int(),
    /** How many for each reason. */
    reasons: z.array(z.object({ state: z.enum(coverageStates), reason, sessions: z.int() })),
    /** Bars that an open finding speaks against. */
    doubtful: z.int(),
    /** Closed days of which there are bars all the same: the first hundred. */
    unexpected: z.array(z.iso.date()),
    /** First and last day of a bar of the series, whatever the time asked for. */
    firstDay: z.iso.date().nullable(),
    lastDay: z.iso.date().nullable(),
    ranges: z.array(coverageRangeSchema),
    /** How many ranges more there are: the first ones are left out. */
    rangesLeftOut: z.int(),
  })
  .meta({ id: 'Coverage' });
export type CoverageView = z.infer<typeof coverageSchema>;
