import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type FunctionName, functionNames } from '../../core/contracts/functions.ts';
import { scrapeQueueName } from '../../core/contracts/queues.ts';
import { sourcesOf } from '../../core/sources/catalogue.ts';
import { root } from '../../localstack/state-folder.ts';
import { type Documented, documentOf } from './documents.ts';

export const provenFile = join(import.meta.dirname, 'proven.json');
export const securityPage = join(root, 'docs', 'security.md');
const provenSchema = z.partialRecord(z.enum(functionNames), z.array(z.string()));

/** Permissions that `npm run least-privilege` has proven by running, in words, by function. */
export function provenPermissions(): Partial<Record<FunctionName, string[]>> {
  return provenSchema.parse(JSON.parse(readFileSync(provenFile, 'utf8')));
}

export interface Reasons {
  readonly proven: readonly string[];
  readonly documented: ReadonlyMap<Documented, number>;
  /** In neither list. */
  readonly spare: readonly string[];
}

/** Why each permission of a stage is there. */
export function reasonsOf(permissions: ReadonlyMap<string, readonly string[]>): Reasons {
  const known = provenPermissions();
  const proven: string[] = [];
  const documented = new Map<Documented, number>();
  const spare: string[] = [];
  for (const fn of functionNames)
    for (const words of permissions.get(fn) ?? []) {
      const document = documentOf(fn, words);
      if (inLocalCloud(fn, words).every((each) => known[fn]?.includes(each))) proven.push(`${fn}: ${words}`);
      else if (document) documented.set(document, (documented.get(document) ?? 0) + 1);
      else spare.push(`${fn}: ${words}`);
    }
  return { proven, documented, spare };
}

/**
 * What a permission is in the local cloud, where each source has a queue of its own, and blobs of pages have one: in `dev`,
 * sources of a kind share a queue, and all blobs do.
 */
export function inLocalCloud(fn: FunctionName, words: string): string[] {
  if (fn === 'scrape-browser' && words === 'sqs:SendMessage on ingest') return ['sqs:SendMessage on ingest-pages'];
  const [, action, kind, dead = ''] = /^(\S+) on scrape-(api|browser)(-dead)?$/.exec(words) ?? [];
  if (action === undefined) return [words];
  return sourcesOf('dev')
    .filter((source) => source.kind === kind)
    .map(({ id }) => `${action} on ${scrapeQueueName(id)}${dead}`);
}

const begin = '<!-- permissions, by `npm run least-privilege` -->';
const end = '<!-- end of permissions -->';

/** The stage whose permissions docs/security.md counts: the one with the most queues. */
export const figuresStage = 'prod';

/** The page with the figures of these reasons. */
export function withFigures(page: string, { proven, documented, spare }: Reasons): string {
  const before = page.indexOf(begin);
  const after = page.indexOf(end);
  if (before < 0 || after < before) throw new Error(`docs/security.md has no ${begin} … ${end}`);
  const byDocument = [...documented.values()].reduce((sum, count) => sum + count, 0);
  const rows = [...documented].map(([{ why, page: url }, count]) => `| ${count} | [${why}](${url}) |`);
  const text = [
    begin,
    '',
    `Of ${proven.length + byDocument + spare.length} permissions in \`${figuresStage}\`, ${proven.length} are proven by running, ` +
      `${byDocument} by document, ${spare.length} are spare:`,
    '',
    '| by document | what asks for them |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n');
  return `${page.slice(0, before)}${text}\n${page.slice(after)}`;
}
