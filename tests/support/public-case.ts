/**
 * A case after a public report of somebody who collects prices: `tests/cases/<name>/case.json` has the answers of an
 * upstream, in order, and what must be read of the API afterwards.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { jobKinds } from '../../core/contracts/words/job-kinds.ts';
import { canonicalSymbol } from '../../core/market/symbol.ts';
import type { IngestResult } from './ingest-answers.ts';
import type { World } from './world.ts';

const checkSchema = z.union([
  z.strictObject({ say: z.string(), canonical: z.string(), is: z.string() }),
  z.strictObject({ say: z.string(), get: z.string(), at: z.string(), is: z.unknown() }),
  z.strictObject({ say: z.string(), held: z.string(), is: z.int() }),
  z.strictObject({
    say: z.string(),
    task: z.int().min(1),
    is: z.strictObject({ status: z.string(), reason: z.string().nullable() }),
  }),
]);

const caseSchema = z.object({
  title: z.string(),
  steps: z.array(
    z.object({
      source: z.string(),
      kind: z.enum(jobKinds),
      job: z.string().optional(),
      asked: z.array(z.string()).min(1),
      fetchedAt: z.iso.datetime(),
      body: z.string(),
      status: z.int().default(200),
      headers: z.record(z.string(), z.string()).default({}),
      /** Of the request; some of it is told by no answer. */
      url: z.url().default('https://upstream.example/'),
    }),
  ),
  checks: z.array(checkSchema).min(1),
});
export type PublicCase = z.infer<typeof caseSchema>;

const folder = join(import.meta.dirname, '..', 'cases');

/** The case of a folder of `tests/cases`. */
export function readCase(name: string): PublicCase {
  return caseSchema.parse(JSON.parse(readFileSync(join(folder, name, 'case.json'), 'utf8')));
}

/** Puts the answers of a case through ingest, one after the other. */
export async function playCase(world: World, name: string): Promise<IngestResult[]> {
  const results: IngestResult[] = [];
  for (const step of readCase(name).steps) {
    world.setClock(new Date(step.fetchedAt));
    results.push(
      await world.ingest({
        source: step.source,
        kind: step.kind,
        job: step.job,
        exchanges: [
          {
            request: { method: 'GET', url: step.url, headers: {}, symbols: step.asked },
            response: {
              status: step.status,
              headers: step.headers,
              truncated: false,
              body: readFileSync(join(folder, name, step.body), 'utf8'),
            },
            error: null,
            fetchedAt: step.fetchedAt,
            latencyMs: 12,
          },
        ],
      }),
    );
  }
  return results;
}

/** What a check finds, to compare with its `is`. */
export async function findOf(
  world: World,
  check: PublicCase['checks'][number],
  results: readonly IngestResult[],
): Promise<unknown> {
  if ('canonical' in check) return canonicalSymbol(check.canonical);
  if ('held' in check) return results.flatMap(({ held }) => held).filter(({ reason }) => reason === check.held).length;
  if ('task' in check) {
    const ended = results[check.task - 1];
    return ended && { status: ended.status, reason: ended.reason };
  }
  const { body } = await world.get(check.get);
  return valueAt(body, check.at.split('.'));
}

/** What lies at a path; `*` means each. */
function valueAt(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return value;
  if (key === '*')
    return z
      .array(z.unknown())
      .parse(value)
      .map((each) => valueAt(each, rest));
  return valueAt(Array.isArray(value) ? value[Number(key)] : z.record(z.string(), z.unknown()).parse(value)[key], rest);
}
