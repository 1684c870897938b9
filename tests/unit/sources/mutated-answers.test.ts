import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../core/contracts/blob.ts';
import { checkQuotes } from '../../../core/prices/check-quotes.ts';
import type { PriorQuote } from '../../../core/prices/evidence.ts';
import { judgeBars } from '../../../core/prices/judge-bars.ts';
import { jumpFactor } from '../../../core/prices/thresholds.ts';
import { catalogue } from '../../../core/sources/catalogue.ts';
import type { Parsed, SourceParser } from '../../../core/sources/parser.ts';
import { enrich } from '../../../functions/ingest/enrich-answer.ts';
import { anyCharacter, inheritedNames } from '../../support/any-character.ts';
import { fetchedAt, type GoodAnswer } from '../../support/good-answer.ts';

/** A good answer of a source, with its body as it is. */
type Sample = Omit<GoodAnswer, 'body'> & { readonly body: unknown; readonly withPrice: GoodAnswer['body'] };

/** All good answers of the API sources. One without any fails here: its file is missing. */
const sources = catalogue.filter(({ kind }) => kind === 'api');
const cases = sources.map(async ({ id, parser }) => {
  const { goodAnswers }: { goodAnswers: readonly GoodAnswer[] } = await import(`./${id}/good-answers.ts`);
  const parsing = await parser();
  return goodAnswers.map((answer): [string, Sample, SourceParser] => {
    const sample: Sample = {
      ...answer,
      body: answer.body(answer.asText ? answer.price.toFixed(4) : answer.price),
      withPrice: answer.body,
    };
    return [`${id} ${answer.kind}`, sample, parsing];
  });
});

function exchangeOf(sample: Sample, body: string): Exchange {
  return {
    request: { method: 'GET', url: sample.url, headers: {}, symbols: [sample.symbol] },
    response: { status: 200, headers: { 'content-type': 'application/json' }, body, truncated: false },
    error: null,
    fetchedAt: new Date(fetchedAt).toISOString(),
    latencyMs: 1,
  };
}

/** The same value with one place in it changed: replaced, taken away, doubled or renamed. */
function mutate(value: unknown, at: number, how: number, by: unknown): unknown {
  let left = at;
  const walk = (node: unknown): unknown => {
    if (left-- === 0) return how === 0 ? by : how === 1 ? [node, node] : how === 2 ? String(node) : { value: node };
    if (Array.isArray(node)) {
      const made = node.map(walk);
      return how === 4 && left < 0 ? made.slice(1) : made;
    }
    if (typeof node !== 'object' || node === null) return node;
    const entries = Object.entries(node).map(([name, each]): [string, unknown] => [name, walk(each)]);
    return Object.fromEntries(how === 5 ? entries.filter((_, index) => index !== at % entries.length) : entries);
  };
  return walk(value);
}

const anyAnswer = (sample: Sample) =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.nat(60), fc.nat(5), fc.jsonValue())
        .map(([at, how, by]) => JSON.stringify(mutate(sample.body, at, how, by))),
    },
    // A price-like number where something else is expected, and the other way round.
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.nat(60), fc.double({ noNaN: true }))
        .map(([at, by]) => JSON.stringify(mutate(sample.body, at, 0, by))),
    },
    // A name that every object has, as a value or as a key.
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.nat(60), fc.constantFrom(...inheritedNames), fc.boolean())
        .map(([at, name, asKey]) =>
          JSON.stringify(mutate(sample.body, at, 0, asKey ? JSON.parse(`{"${name}": 1}`) : name)),
        ),
    },
    { weight: 2, arbitrary: fc.nat(2_000).map((length) => JSON.stringify(sample.body).slice(0, length)) },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.nat(2_000), fc.string({ maxLength: 6, unit: anyCharacter })).map(([at, text]) => {
        const whole = JSON.stringify(sample.body);
        const place = at % whole.length;
        return whole.slice(0, place) + text + whole.slice(place + text.length);
      }),
    },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.string({ unit: anyCharacter }) },
  );

/** What of an answer would be stored, where the stored price is the sample's own. */
async function stored(sample: Sample, parsed: Parsed): Promise<{ prices: string[]; rejected: number }> {
  const enriched = enrich(parsed, fetchedAt, 'exchanges[0]', (symbol) =>
    symbol === sample.symbol ? sample.listing : undefined,
  );
  const prior: PriorQuote = { price: sample.price, asOf: fetchedAt - 120_000 };
  const quotes = await checkQuotes(enriched.quotes, {
    priors: new Map([[1, prior]]),
  });
  const bars = enriched.bars.map((series) => {
    const { accepted, rejected, judged } = judgeBars(series, prior);
    // What a finding calls wrong is stored and not served.
    const wrong = new Set(
      judged?.findings.filter(({ severity }) => severity === 'wrong').map(({ subject }) => subject.at),
    );
    const served = accepted.bars.filter((bar) => !wrong.has(bar.startsAt));
    return {
      accepted: { bars: served },
      rejected: [...rejected, ...accepted.bars.filter((bar) => wrong.has(bar.startsAt))],
    };
  });
  return {
    prices: [
      ...quotes.accepted.map((row) => row.quote.price),
      ...bars.flatMap((each) => each.accepted.bars.map((bar) => bar.close)),
    ],
    rejected:
      enriched.rejected.length +
      quotes.rejected.length +
      quotes.wrong.length +
      bars.reduce((sum, each) => sum + each.rejected.length, 0),
  };
}

describe.each((await Promise.all(cases)).flat())('%s', (_name, sample, parser) => {
  const parse = (body: unknown) =>
    parser.parse(sample.kind, exchangeOf(sample, typeof body === 'string' ? body : JSON.stringify(body)));
  const { rows } = sample;

  it('the answer is good as it is', async () => {
    const { prices, rejected } = await stored(sample, parse(sample.body));
    expect([prices.length, rejected]).toEqual([rows, 0]);
    expect(prices.map(Number)).toContain(sample.price);
  });

  it('10,000 mutated answers give records, rejections or a failure, never a throw [fault 34]', async () => {
    await fc.assert(
      fc.asyncProperty(anyAnswer(sample), async (body) => {
        const exchange = exchangeOf(sample, body);
        const parsed = parser.parse(sample.kind, exchange);
        expect(parser.failureIn(sample.kind, exchange)).toEqual(parsed.failure);
        if (parsed.failure) expect([parsed.quotes, parsed.bars]).toEqual([[], []]);
        // What is read must go through the checks, too.
        await stored(sample, parsed);
      }),
      { numRuns: 10_000 },
    );
  }, 120_000);

  /*
   * Precisely: of an answer whose price field was changed to any JSON value, every row that would be stored is either one
   * that the change did not touch, or has a price that is no jump: within the asset class's factor of the price that was
   * there (give or take what the previous close beside it differs). And a row that is not stored is named: by a rejection, a failure, or as missing.
   */
  it('a mutated price is stored only when the checks let it through, and else is reported', async () => {
    const others = rows === 1 ? [] : (await stored(sample, parse(sample.body))).prices;
    const limit = jumpFactor[sample.listing.assetClass];
    const price = fc.oneof(
      fc.double({ noNaN: true }),
      fc.double({ min: 0, max: 1_000_000, noNaN: true }),
      fc.double({ min: sample.price / 4, max: sample.price * 4, noNaN: true }),
      fc.constantFrom(0, -1, 1e-9, sample.price * 100, sample.price / 100, 'Infinity', '', null, true, [], {}),
      fc.jsonValue(),
    );
    const { asText } = sample;
    await fc.assert(
      fc.asyncProperty(price, async (mutated) => {
        const written = asText && typeof mutated === 'number' ? String(mutated) : mutated;
        const parsed = parse(sample.withPrice(written));
        const { prices, rejected } = await stored(sample, parsed);
        for (const each of prices) {
          if (others.includes(each)) continue;
          const value = Number(each);
          expect(value / sample.price).toBeLessThanOrEqual(limit * 1.02);
          expect(value / sample.price).toBeGreaterThanOrEqual(1 / (limit * 1.02));
        }
        // A day without a close and without anything else is a place that Yahoo keeps: here the others are given.
        if (prices.length < rows)
          expect(rejected + parsed.missing.length + (parsed.failure ? 1 : 0)).toBeGreaterThan(0);
      }),
      { numRuns: 3_000 },
    );
  }, 60_000);
});
