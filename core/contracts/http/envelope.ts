import * as z from 'zod';

/** A decimal on the wire: a JSON number, or text with `?decimals=string`. Both exact. */
export const decimal = z
  .union([z.number(), z.string()])
  .meta({ id: 'Decimal', description: 'JSON number, or text with ?decimals=string' });

/**
 * An instant with microseconds as the API writes all of them, in milliseconds: the next one, so that what was stored at an
 * instant is known at what is written of it. Some clients read no other length.
 *
 * @example
 * upToMilliseconds('2026-11-22T19:40:00.123456Z') // '2026-11-22T19:40:00.124Z'
 * upToMilliseconds('2026-11-22T19:40:00.123Z') // '2026-11-22T19:40:00.123Z'
 */
export function upToMilliseconds(instant: string): string {
  if (instant.length === 24) return instant;
  const whole = `${instant.slice(0, 23)}Z`;
  if (!/[1-9]/.test(instant.slice(23))) return whole;
  const next = Number(instant.slice(20, 23)) + 1;
  // Lists have hundreds of them, and the next one is nearly always of the same second.
  return next < 1000
    ? `${instant.slice(0, 20)}${String(next).padStart(3, '0')}Z`
    : new Date(Date.parse(whole) + 1).toISOString();
}

export const metaSchema = z
  .object({
    requestId: z.string(),
    /** Whether the data may be made up: of what the answer shows, some sources are simulated. Never on AWS. */
    simulated: z.boolean().default(false),
    /** The ids of these sources. Absent where there are none. */
    simulatedSources: z.array(z.string()).optional(),
    source: z.string().optional(),
    asOf: z.iso.datetime().optional(),
    fetchedAt: z.iso.datetime().optional(),
    stale: z.boolean().optional(),
    ageSeconds: z.number().optional(),
    knownAt: z.iso.datetime().optional(),
    /** Absent on the last page. */
    nextCursor: z.string().optional(),
    count: z.int().optional(),
    /** Of all pages together; on the first one, where it is known. */
    total: z.int().optional(),
    /** Of quotes: sent as `changedSince` it asks for what has changed after this answer. */
    nextChangedSince: z.string().optional(),
    /** Of events: sent as `after` it asks for what came after this answer. */
    nextPosition: z.string().optional(),
    /** Of events: whether there are more already. */
    more: z.boolean().optional(),
    /**
     * Of bars: in the time of the page, sessions with a bar that is due (weeks and months of such bars), those with one and
     * without, and bars that an open finding speaks against.
     */
    coverage: z
      .object({
        expected: z.int(),
        stored: z.int(),
        missing: z.int(),
        doubtful: z.int(),
        /** Sessions without a bar that lie next to each other, oldest first: at most the 20 longest. */
        gaps: z.array(z.object({ from: z.iso.date(), to: z.iso.date(), sessions: z.int() })),
      })
      .optional(),
  })
  .meta({ id: 'Meta' });
export type Meta = z.infer<typeof metaSchema>;

/** The header that names the simulated sources, on answers of every kind; absent where there are none. */
export const simulatedHeader = 'x-quotron-simulated';

/** The ids of the sources that the header names. */
export function simulatedSourcesOf(header: string | null): string[] {
  return (header ?? '').split(',').flatMap((id) => id.trim() || []);
}

export const warningSchema = z.object({ code: z.string(), message: z.string() }).meta({ id: 'Warning' });
export type Warning = z.infer<typeof warningSchema>;

/** Every successful JSON answer: `{data, meta, warnings}`. */
export function envelope<T extends z.ZodType>(data: T) {
  return z.object({ data, meta: metaSchema, warnings: z.array(warningSchema) });
}

/** RFC 9457, with a stable `code` and whether the same request may work later. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional(),
    code: z.string(),
    retryable: z.boolean(),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    /** What to type to change it: the command that collects an unknown symbol. */
    command: z.string().optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;
