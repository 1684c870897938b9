/** What a file of an import is made of: the rows, the parts that it is cut into, and how a part is packed. */
import * as z from 'zod';
import { barBases, barIntervals } from '../market/bar.ts';
import { assetClasses } from '../market/instrument.ts';
import { sessions } from '../market/quote.ts';
import type { BlobEnvelope } from './blob.ts';
import type { ImportKind } from './words/imports.ts';

export const importLimits = {
  /** Bytes of a part as it is sent, packed. */
  partBytes: 8 * 1024 * 1024,
  /** Characters of the rows of a part: some 20,000, which a parser reads in a tenth of the time that it has. */
  partText: 1024 * 1024,
  /** Characters of a raw answer. */
  answerText: 16 * 1024 * 1024,
  /** Characters of one line. */
  line: 10_000,
  parts: 2_000,
  /** Hours until an import that was not finished is closed. */
  openHours: 24,
} as const;

/** Media types of the text of a part. */
export const importMedia = { ndjson: 'application/x-ndjson', csv: 'text/csv' } as const;
export type ImportFormat = keyof typeof importMedia;

/** Header of a part: the number that its first line has in the file, from 1. In CSV the heading does not count. */
export const firstLineHeader = 'x-first-line';

const decimal = z.union([z.number(), z.string().max(60)]).describe('A number, or text such as "12.5"');
const missing = <T extends z.ZodType>(schema: T) => schema.nullish();

const common = {
  symbol: z.string().min(1).max(64).describe('Canonical symbol, as Yahoo writes it: AAPL, VOD.L, BTC-USD, ^GSPC'),
  currency: missing(z.string().max(8)).describe(
    'ISO 4217, or a minor unit such as GBp. Needed for a symbol that is new',
  ),
  mic: missing(z.string().regex(/^[A-Z0-9]{4}$/)).describe('ISO 10383 of the venue'),
  assetClass: missing(z.enum(assetClasses)),
  name: missing(z.string().max(200)).describe('Of the instrument; used where the symbol is new'),
};

/** A line of quotes. */
export const quoteRowSchema = z.strictObject({
  ...common,
  asOf: z.iso.datetime({ offset: true }).describe('Market time of the price'),
  price: decimal,
  previousClose: missing(decimal),
  bid: missing(decimal),
  ask: missing(decimal),
  volume: missing(decimal),
  session: missing(z.enum(sessions)),
});

/** A line of bars. */
export const barRowSchema = z.strictObject({
  ...common,
  interval: missing(z.enum(barIntervals)).describe('1d unless given'),
  date: missing(z.iso.date()).describe('Trading day, of bars of a day or longer'),
  startsAt: missing(z.iso.datetime({ offset: true })).describe('Start of a bar shorter than a day'),
  open: missing(decimal),
  high: missing(decimal),
  low: missing(decimal),
  close: decimal,
  volume: missing(decimal),
  basis: missing(z.enum(barBases)).describe('What was done to the prices already; raw unless given'),
});

export const importRowSchemas = { quotes: quoteRowSchema, bars: barRowSchema } as const;

/** The columns of a kind of row, in the order in which they are printed. */
export function importColumns(kind: ImportKind): string[] {
  return Object.keys(importRowSchemas[kind].shape);
}

/** Where a row of an import stands, as quarantine keeps it. */
export function pathOfLine(line: number): string {
  return `line ${line}`;
}

/** The line in such a path; `null` where it names none. */
export function lineOfPath(path: string): number | null {
  const [, line] = /\bline (\d{1,9})$/.exec(path) ?? [];
  return line === undefined ? null : Number(line);
}

/** Of which import a part is. */
export interface PartOf {
  readonly importId: string;
  readonly sourceId: string;
  readonly job: string;
  readonly kind: ImportKind;
  readonly part: number;
  readonly createdAt: string;
}

/** What a part holds: lines, or the raw answer of a source. */
export type PartContent =
  | { readonly format: ImportFormat; readonly text: string; readonly firstLine: number }
  | {
      readonly format: 'answer';
      readonly text: string;
      readonly contentType: string;
      readonly url: string;
      readonly symbols: readonly string[];
    };

/** A part as a raw blob. It is packed as gzip. */
export function partEnvelope(of: PartOf, content: PartContent, fetchedAt: string): BlobEnvelope {
  const { importId, sourceId, job, kind, part, createdAt } = of;
  const isAnswer = content.format === 'answer';
  return {
    version: 1,
    runId: importId,
    part,
    attempt: 1,
    sourceId,
    job,
    kind,
    createdAt,
    exchanges: [
      {
        request: {
          method: 'PUT',
          url: isAnswer ? content.url : 'import:',
          headers: {},
          symbols: isAnswer ? [...content.symbols] : [],
        },
        response: {
          status: 200,
          headers: isAnswer
            ? { 'content-type': content.contentType }
            : { 'content-type': importMedia[content.format], [firstLineHeader]: String(content.firstLine) },
          body: content.text,
          truncated: false,
        },
        error: null,
        fetchedAt,
        latencyMs: 0,
      },
    ],
  };
}
