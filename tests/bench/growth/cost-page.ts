import { readFileSync, writeFileSync } from 'node:fs';
import { root } from '../../support/source-tree.ts';

/** Writes what was measured to docs/cost.md, between `<!-- what -->` and its end. Throws where the page lacks the place for it. */
export function writeToCostPage(what: 'stored' | 'played', lines: readonly string[]): void {
  const page = `${root}docs/cost.md`;
  const text = readFileSync(page, 'utf8');
  const section = new RegExp(`(<!-- ${what} -->\\n)[\\s\\S]*?(<!-- end of ${what} -->)`);
  if (!section.test(text)) throw new Error(`docs/cost.md has no place for what is ${what}.`);
  writeFileSync(
    page,
    text.replace(section, (_, start: string, end: string) => `${start}\n${lines.join('\n')}\n\n${end}`),
  );
}
