import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type Documented, documentOf } from './documents.ts';

export const provenFile = join(import.meta.dirname, 'proven.json');
const provenSchema = z.record(z.string(), z.array(z.string()));

/** Permissions that `npm run least-privilege` has proven by running, in words, by function. */
export function provenPermissions(): Record<string, string[]> {
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
  for (const [fn, all] of permissions)
    for (const words of all) {
      const document = documentOf(fn, words);
      if (known[fn]?.includes(words)) proven.push(`${fn}: ${words}`);
      else if (document) documented.set(document, (documented.get(document) ?? 0) + 1);
      else spare.push(`${fn}: ${words}`);
    }
  return { proven, documented, spare };
}

const begin = '<!-- permissions, by `npm run least-privilege` -->';
const end = '<!-- end of permissions -->';

/** The page with the figures of these reasons. */
export function withFigures(page: string, { proven, documented, spare }: Reasons): string {
  const before = page.indexOf(begin);
  const after = page.indexOf(end);
  if (before < 0 || after < before) throw new Error(`docs/security.md has no ${begin} … ${end}`);
  const byDocument = [...documented.values()].reduce((sum, count) => sum + count, 0);
  const rows = [...documented].map(([{ why, page: url }, count]) => `| ${count} | ${why} | [AWS](${url}) |`);
  const text = [
    begin,
    '',
    `Of the permissions of \`dev\`, ${proven.length} are proven by running, ${byDocument} by document, ${spare.length} are spare.`,
    '',
    '| by document | | |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
  return `${page.slice(0, before)}${text}\n${page.slice(after)}`;
}
