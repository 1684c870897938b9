import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * Turns of phrase that a reader has to read twice, and what to write instead. Plain English, and the words of the field:
 * see docs/glossary.md.
 */
const turns: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\bwho(ever)? (asks|reads|sends|plans|tells|takes|parses|calls|finds|wants)\b/i, 'name the program or caller'],
  [/\b(left|leaves?|leaving) (it |them |a source |the source |what \w+ )?alone\b/i, 'pause, skip, keep, ignore'],
  [/\bma(ke|kes|de) up for\b/i, 'planned later'],
  [/\bt(ell|ells|old|elling) of\b/i, 'reports, says, names'],
  [/\bha(s|ve) not the form\b/i, 'is malformed'],
  [/\b(go|goes|gone|going|went) on with\b/i, 'continues, resumes'],
  [/\bbears?\b(?! in mind)/i, 'tolerates, has'],
  [/\b(is|are|was|were) told of\b/i, 'is informed of, gets'],
  [/\bbr(eak|eaks|oke|oken) off\b/i, 'is interrupted, truncated'],
  [/\banew\b/i, 'again'],
  [/\b(is|are|be) to be had\b|\bmay be had\b/i, 'is available'],
  [/\bwhat is over\b/i, 'what has expired, ended'],
  [/\bunless said\b/i, 'by default'],
  [/\bwants? to be left\b/i, 'is on hold'],
  [/\bse(e|es|en) to it\b/i, 'makes sure'],
  [/\bnought\b/i, 'zero'],
  // `unwell:` is a field of GET /health, which clients may read.
  [/\bunwell\b(?!:)/i, 'unhealthy, failing'],
  [/(?<!the-)\bmend(s|ed|ing)?\b/i, 'fix'],
  [/\bof which nothing is known\b/i, 'unknown'],
];

const root = new URL('../../../', import.meta.url).pathname;
const self = 'tests/unit/structure/words.test.ts';

/** All folders with texts of ours. */
const folders = ['bin', 'cli', 'core', 'docs', 'functions', 'lib', 'localstack', 'tests', 'web'];

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|tsx|mjs|css|md|sql)$/.test(name) && !/(^|\/)(dist|node_modules|migrations)\//.test(name))
    .map((name) => join(folder, name))
    .filter((file) => file !== self);
}

/** The turns in a text, with the words around them. Line breaks in comments and paragraphs do not hide them. */
function turnsIn(text: string): string[] {
  const oneLine = text.replaceAll(/\s*\n\s*(\*|\/\/|--)?\s*/g, ' ');
  return turns.flatMap(([pattern, instead]) =>
    [...oneLine.matchAll(new RegExp(pattern, 'gi'))].map(
      ({ index, 0: found }) => `${oneLine.slice(Math.max(0, index - 40), index + found.length + 30)} → ${instead}`,
    ),
  );
}

describe('texts', () => {
  it('are free of turns that have to be read twice', () => {
    const files = ['README.md', 'CHANGELOG.md', ...folders.flatMap(filesIn)];
    expect(files.length).toBeGreaterThan(800);
    const found = files.flatMap((file) =>
      turnsIn(readFileSync(join(root, file), 'utf8')).map((turn) => `${file}: ${turn}`),
    );
    expect(found).toEqual([]);
  });

  it.each([
    'kept apart, so that who asks them need not carry it',
    'A source that wants it is left alone.',
    'What the source does not want now is made up for later.',
    'The row tells of a price.',
    'The key has not the form of one.',
    'It is gone on with\n * where it was.',
    'which the workers bear',
    'The answer breaks off.',
    'Reads it anew.',
  ])('are refused: %s', (text) => {
    expect(turnsIn(text)).not.toEqual([]);
  });

  it('may use the same words in their plain sense', () => {
    expect(turnsIn('Bear in mind that the folder stands alone; a member takes part, and goes on.')).toEqual([]);
  });
});
