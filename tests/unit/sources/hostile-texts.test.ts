import { describe, expect, it } from 'vitest';
import { checkQuotes } from '../../../core/prices/check-quotes.ts';
import { judgeBars } from '../../../core/prices/judge-bars.ts';
import { barStatistics, quoteStatistics } from '../../../core/prices/statistics.ts';
import { catalogue } from '../../../core/sources/catalogue.ts';
import type { Parsed, SourceAnswer, SourceParser, Subject } from '../../../core/sources/parser.ts';
import { enrich } from '../../../functions/ingest/enrich-answer.ts';
import { inheritedNames } from '../../support/any-character.ts';
import { fetchedAt, type GoodAnswer } from '../../support/good-answer.ts';
import { recordingsOf, wholeRecording } from '../../support/recordings.ts';
import * as broker from './demo-broker/good-page.ts';
import * as slickcharts from './slickcharts/good-page.ts';

/** What a hostile source says where text is expected: inherited names, and characters that a screen or a store obeys. */
const hostile = [
  ...inheritedNames,
  '\u001b[2J\u0000\r\n\u202eevil',
  '=HYPERLINK("x")',
  '<img src=x onerror=y>',
  '\ud800',
  '',
];

type Sample = readonly [name: string, SourceAnswer, kind: GoodAnswer['kind']];

const answerOf = (symbols: readonly string[], url: string, body: string): SourceAnswer => ({
  request: { symbols, url },
  response: { status: 200, headers: {}, body, truncated: false },
  error: null,
  fetchedAt: new Date(fetchedAt).toISOString(),
});

const pages: readonly Sample[] = [
  ['demo-broker', answerOf(['AAPL', 'VOD.L', 'BTC-USD'], '', broker.page(broker.golden)), 'quotes'],
  ['slickcharts', answerOf(['dowjones'], '', slickcharts.page(slickcharts.golden.slice(0, 30))), 'constituents'],
];

/** The good answers of a source and all recorded ones. */
async function samplesOf(id: string, kinds: readonly GoodAnswer['kind'][]): Promise<Sample[]> {
  const page = pages.filter(([name]) => name === id);
  const { goodAnswers = [] }: { goodAnswers?: readonly GoodAnswer[] } =
    page.length > 0 ? {} : await import(`./${id}/good-answers.ts`);
  const good = goodAnswers.map((each): Sample => {
    const body = JSON.stringify(each.body(each.asText ? each.price.toFixed(4) : each.price));
    return [`${id} ${each.kind}`, answerOf([each.symbol], each.url, body), each.kind];
  });
  const recorded = recordingsOf(id).flatMap((name) =>
    kinds.map((kind): Sample => [`${name} as ${kind}`, wholeRecording(name, ['AAPL']), kind]),
  );
  return [...page, ...good, ...recorded];
}

/** The places of a body where a text stands: between these two indices. Of JSON keys too, of HTML names of attributes not. */
function placesIn(body: string): [from: number, to: number][] {
  const text = body.trimStart().startsWith('<')
    ? /(?<=>)[^<>]+(?=<)|(?<==")[^"]*(?=")/g
    : /(?<=")(?:[^"\\]|\\.)*(?="\s*[,:}\]])/g;
  return [...body.matchAll(text)].map((match) => [match.index, match.index + match[0].length]);
}

/** Of a long answer fewer places are tried: its lists repeat themselves. */
const placesOf = (body: string) => Math.min(100, Math.max(10, 400_000 / body.length));

function* mutations(body: string): Generator<string> {
  const places = placesIn(body);
  const isPage = body.trimStart().startsWith('<');
  const step = Math.ceil(places.length / placesOf(body));
  for (let at = 0; at < places.length; at += step) {
    const [from, to] = places[at] ?? [0, 0];
    for (const text of hostile)
      yield body.slice(0, from) + (isPage ? text : JSON.stringify(text).slice(1, -1)) + body.slice(to);
  }
}

function listed({ listing }: Subject): void {
  if (listing === null) return;
  const { mic, currency, minorFactor, zone } = listing;
  expect([typeof mic, typeof currency, typeof minorFactor, typeof zone]).toEqual([
    'string',
    'string',
    'number',
    'string',
  ]);
}

/** Everything that ingest does with an answer before it stores it. */
async function ingested(parsed: Parsed): Promise<void> {
  // Neither functions nor objects with a past among the records.
  structuredClone(parsed);
  const subjects = [
    ...[...parsed.quotes, ...parsed.bars].map(({ subject }) => subject),
    ...(parsed.constituents ?? []).flatMap(({ index, members }) => [index, ...members.map(({ subject }) => subject)]),
  ];
  subjects.forEach(listed);
  const known = new Map(
    subjects.flatMap(({ symbol, assetClass, listing }, id) =>
      listing ? [[symbol, { ...listing, assetClass, id }] as const] : [],
    ),
  );
  const enriched = enrich(parsed, fetchedAt, 'exchanges[0]', (symbol) => known.get(symbol));
  const quotes = await checkQuotes(enriched.quotes, { priors: new Map() });
  quoteStatistics(quotes.accepted, quotes.rejected);
  const bars = enriched.bars.map((series) => judgeBars(series, undefined));
  barStatistics(
    bars.map(({ accepted }) => accepted),
    bars.flatMap(({ rejected }) => rejected),
  );
}

describe.each(catalogue.map((source) => [source.id, source] as const))('%s', (id, { jobs, parser, toCanonical }) => {
  it('takes any text anywhere in an answer for text', { timeout: 120_000 }, async () => {
    const parsing: SourceParser = await parser();
    const samples = await samplesOf(id, [...new Set(jobs.map(({ kind }) => kind))]);
    let tried = 0;
    for (const [name, answer, kind] of samples) {
      for (const body of mutations(answer.response?.body ?? '')) {
        const mutated = { ...answer, response: answer.response && { ...answer.response, body } };
        const parsed = parsing.parse(kind, mutated);
        expect(parsing.failureIn(kind, mutated), name).toEqual(parsed.failure);
        await ingested(parsed);
        tried++;
      }
    }
    expect(tried).toBeGreaterThan(100);
    for (const text of hostile) expect(toCanonical(text)).toBeTypeOf('string');
  });

  it('asks for any symbol as text', async () => {
    const parsing = await parser();
    for (const { id: job, kind } of jobs)
      for (const text of inheritedNames)
        for (const { path, query } of parsing.requests({ kind, job, symbols: [text], now: fetchedAt }))
          for (const part of [path, ...Object.values(query)]) expect(part).toBeTypeOf('string');
  });
});
