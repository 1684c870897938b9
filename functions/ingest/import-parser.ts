import type { IngestMessage } from '../../core/contracts/messages.ts';
import { isImport } from '../../core/contracts/words/imports.ts';
import { parserOf } from '../../core/sources/catalogue.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';
import type { Parsed, SourceParser, Subject } from '../../core/sources/parser.ts';

/**
 * The parser of a blob. Of an import whose job is the id of another source, the parts are raw answers of that source: its
 * parser reads them, and what it reads is named by canonical symbols, as imported rows are.
 */
export async function parserFor(
  { sourceId, job }: Pick<IngestMessage, 'sourceId' | 'job'>,
  sourceOf: (id: string) => SourceDefinition,
): Promise<SourceParser> {
  const parser = await parserOf(sourceId, sourceOf);
  if (!isImport(sourceId) || sourceOf(sourceId).jobs.some(({ id }) => id === job)) return parser;
  const { toCanonical } = sourceOf(job);
  const of = await parserOf(job, sourceOf);
  return {
    ...of,
    version: `${parser.version}+${of.version}`,
    parse: (kind, answer) => canonicallyNamed(of.parse(kind, answer), toCanonical),
  };
}

function canonicallyNamed(parsed: Parsed, toCanonical: (symbol: string) => string): Parsed {
  const named = (subject: Subject): Subject => ({ ...subject, symbol: toCanonical(subject.symbol) });
  const { failure, rejections } = parsed;
  return {
    quotes: parsed.quotes.map((quote) => ({ ...quote, subject: named(quote.subject) })),
    // A file is not all that the source knows: what it leaves out stays. Its splits and payments are the source's own to tell.
    bars: parsed.bars.map((series) => ({
      ...series,
      subject: named(series.subject),
      actions: [],
      isSelection: true,
    })),
    rejections,
    failure,
    missing: [],
  };
}
