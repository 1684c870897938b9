/** Cuts a file into the parts of an import. Holds one part at a time, however long the file is. */
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type ImportFormat, importColumns, importLimits, type PartContent } from '../core/contracts/imports.ts';
import { type ImportKind, importKinds } from '../core/contracts/words/imports.ts';
import { safe } from './output.ts';
import { CommandError } from './problems.ts';

/** The bytes of a file; those that gzip made of it, where the file is packed. */
export async function* unpacked(file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = file[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array();
  while (head.length < 2) {
    const next = await chunks.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* all() {
    yield head;
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
  }
  if (head[0] !== 0x1f || head[1] !== 0x8b) return yield* all();
  const gunzip = createGunzip();
  pipeline(Readable.from(all()), gunzip, () => undefined);
  try {
    for await (const chunk of gunzip) yield chunk;
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError('The file is packed with gzip, and damaged or cut off.');
  }
}

/** A part of a file, and what the file was found to be. */
export interface CutPart {
  readonly content: Extract<PartContent, { firstLine: number }>;
  readonly kind: ImportKind;
}

/** What is known of a file before it is read. */
export interface FileWords {
  readonly kind?: ImportKind | undefined;
  readonly format?: ImportFormat | undefined;
  /** Characters of a part, in place of the usual ones. */
  readonly partText?: number;
}

/**
 * The parts of a file of rows, cut between lines. CSV has its heading in each. Kind and format are read off the first line
 * where they are not given.
 */
export async function* partsOf(
  bytes: AsyncIterable<Uint8Array>,
  { kind, format, partText = importLimits.partText }: FileWords,
): AsyncGenerator<CutPart> {
  const decoder = new TextDecoder();
  let text = '';
  let firstLine = 1;
  let known: { kind: ImportKind; format: ImportFormat; heading: string } | null = null;
  const part = (body: string, of: NonNullable<typeof known>): CutPart => {
    const content = { format: of.format, text: of.heading + body, firstLine };
    firstLine += linesIn(body);
    return { content, kind: of.kind };
  };
  const begin = (): NonNullable<typeof known> => {
    text = text.replace(/^\ufeff/, '');
    const end = text.indexOf('\n');
    const first = end === -1 ? text : text.slice(0, end);
    if (text.includes('\0')) throw new CommandError('The file is no text in UTF-8: NDJSON, or CSV.');
    if (text.trim() === '' && end === -1) throw new CommandError('The file is empty.');
    if (first.trimStart().startsWith('['))
      throw new CommandError(
        'The file is a JSON array. NDJSON has no brackets: an object a line, without commas between.',
      );
    const found = format ?? (first.trimStart().startsWith('{') ? 'ndjson' : 'csv');
    const of = { kind: kind ?? kindOf(first, found), format: found, heading: '' };
    if (found === 'ndjson') return of;
    text = end === -1 ? '' : text.slice(end + 1);
    firstLine = 2;
    return { ...of, heading: `${first.replace(/\r$/, '')}\n` };
  };
  for await (const chunk of bytes) {
    text += decoder.decode(chunk, { stream: true });
    if (known === null && text.includes('\n')) known = begin();
    while (known !== null && text.length >= partText) {
      const end = text.lastIndexOf('\n', partText - 1) + 1;
      if (end === 0) throw tooLong(firstLine);
      const body = text.slice(0, end);
      text = text.slice(end);
      yield part(body, known);
    }
    if (known === null && text.length > partText) throw tooLong(firstLine);
  }
  text += decoder.decode();
  known ??= begin();
  if (text.trim() !== '') yield part(text, known);
  else if (firstLine <= 2) throw new CommandError('The file has no rows.');
}

function tooLong(line: number): CommandError {
  return new CommandError(
    `After line ${line} there is no end of a line for millions of characters. The file must be NDJSON or CSV, a row a line; a raw answer of a source is given with --source.`,
  );
}

function linesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

/** By the one column that rows of a kind must have and others have not. */
function kindOf(firstLine: string, format: ImportFormat): ImportKind {
  const names =
    format === 'csv' ? firstLine.split(',').map((name) => name.trim().replaceAll('"', '')) : keysOf(firstLine);
  const found = importKinds.filter((kind) => {
    const others = importKinds.filter((each) => each !== kind).flatMap(importColumns);
    return importColumns(kind).some((name) => names.includes(name) && !others.includes(name));
  });
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const columns = safe(names.filter((name) => name !== '').join(', ')).slice(0, 120);
  throw new CommandError(
    `The first line does not say whether these are quotes or bars. ${columns === '' ? '' : `It names ${columns}. `}Quotes need symbol, asOf and price; bars symbol, close and date or startsAt, written so and between commas. Give --kind where it does not show; \`quotron etl --schema\` has all columns.`,
  );
}

function keysOf(line: string): string[] {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? Object.keys(value) : [];
  } catch {
    return [];
  }
}

/** A raw answer of a source, whole. */
export async function wholeText(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of bytes) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > importLimits.answerText)
      throw new CommandError('The answer is larger than one part of an import may be.');
  }
  text += decoder.decode();
  if (text.trim() === '') throw new CommandError('The file is empty.');
  return text;
}
