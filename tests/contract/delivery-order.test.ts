import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import type { ListedQuote } from '../../core/market/listed-quote.ts';
import type { BatchHeader, IngestStore } from '../../core/ports/ingest-store.ts';
import { inAnyOrder } from '../support/any-order.ts';
import { chosenSeed } from '../support/chosen-seed.ts';
import { quoteRow } from '../support/price-rows.ts';
import { at, column, databaseTime, header, priceKnownAt, registered, stored } from '../support/quote-store-rows.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ partitionsAt: new Date(at(0)), keepRows: true, connections: 5 });
let store: IngestStore;
beforeAll(() => {
  store = postgresIngestStore(world.pool);
});

/** An answer on one listing: a market time, a price, and when it was fetched. */
interface Answer {
  readonly asOf: number;
  readonly price: string;
  readonly fetchedAt: number;
}

let listings = 0;
const listing = () => registered(world.pool, 'test', `ORDER${++listings}`);
const of = async (id: number) => ({
  history: await column(world.pool, `SELECT as_of || ' ' || price FROM quote WHERE listing_id = $1 ORDER BY as_of`, [
    id,
  ]),
  latest: await column(world.pool, `SELECT as_of || ' ' || price FROM latest_quote WHERE listing_id = $1`, [id]),
});

type Listing = Awaited<ReturnType<typeof listing>>;
interface Delivery {
  readonly row: ListedQuote;
  readonly batch: BatchHeader;
}
const deliveriesOf = (on: Listing, answers: readonly Answer[]): Delivery[] =>
  answers.map((answer) => ({
    row: quoteRow({ listing: on, asOf: at(answer.asOf), price: answer.price, fetchedAt: at(answer.fetchedAt) }),
    batch: header('test'),
  }));
const deliver = ({ row, batch }: Delivery) => stored(store, 'test', { quotes: [row] }, batch);

/** What a run in the order of the fetches leaves behind. */
async function ordered(answers: readonly Answer[]) {
  const on = await listing();
  for (const each of deliveriesOf(on, answers)) await deliver(each);
  return of(on.id);
}

/** Fetches one after the other; the market time stays for some of them, and the price flaps. */
const answersOf = fc
  .array(
    fc.record({
      moves: fc.nat({ max: 2 }),
      price: fc.constantFrom('100', '100.05'),
      gap: fc.integer({ min: 1, max: 90 }),
    }),
    {
      minLength: 4,
      maxLength: 9,
    },
  )
  .map((steps) => {
    let asOf = 0;
    let fetchedAt = 5;
    return steps.map(({ moves, price, gap }): Answer => {
      if (moves === 2) asOf += 60;
      fetchedAt = Math.max(fetchedAt, asOf) + gap;
      return { asOf, price, fetchedAt };
    });
  });

describe('answers in any order', () => {
  it('shuffled, delayed and doubled leave what an ordered run leaves, and what was known stays known [fault 20]', async () => {
    let late = 0;
    let doubled = 0;
    const property = fc.asyncProperty(
      answersOf.chain((answers) => inAnyOrder(answers, 4)),
      async ({ answers, order, again }) => {
        const expected = await ordered(answers);
        const on = await listing();
        const deliveries = deliveriesOf(on, answers);
        const times = [...new Set(answers.map(({ asOf }) => at(asOf)))];
        const known: { when: Date; asOf: number; price: string | null }[] = [];
        let newest = Number.NEGATIVE_INFINITY;
        for (const place of [...order, ...again]) {
          const delivery = deliveries[place];
          if (!delivery) continue;
          if (delivery.row.fetchedAt < newest) late += 1;
          newest = Math.max(newest, delivery.row.fetchedAt);
          if ((await deliver(delivery)).repeated) doubled += 1;
          const when = await databaseTime(world.pool);
          for (const asOf of times) known.push({ when, asOf, price: await priceNow(on, asOf) });
        }
        expect(await of(on.id)).toEqual(expected);
        for (const { when, asOf, price } of known) expect(await priceKnownAt(world.pool, on, asOf, when)).toBe(price);
      },
    );
    await fc.assert(property, { seed: chosenSeed('fault 20'), numRuns: 60, endOnFailure: true });
    expect(late).toBeGreaterThan(0);
    expect(doubled).toBeGreaterThan(0);
  }, 120_000);

  const a = (fetchedAt: number, price: string, asOf = 0): Answer => ({ asOf, price, fetchedAt });
  it.each<[string, Answer[]]>([
    ['after the next market time', [a(5, '100'), a(35, '100'), a(65, '100.2', 60), a(20, '100.05')]],
    ['after a confirmation that came late itself', [a(5, '100'), a(65, '100.2', 60), a(35, '100'), a(20, '100.05')]],
    [
      'and is confirmed late in turn',
      [a(5, '100'), a(65, '100.2', 60), a(35, '100'), a(20, '100.05'), a(25, '100.05')],
    ],
  ])(
    'a price that was confirmed is not replaced by one fetched before that, which comes %s [fault 20]',
    async (_when, answers) => {
      const inOrder = await ordered(answers.toSorted((x, y) => x.fetchedAt - y.fetchedAt));
      expect(await ordered(answers)).toEqual(inOrder);
      expect(inOrder.history[0]).toMatch(/ 100$/);
    },
  );

  it('a confirmation of the latest row costs no write on its history', async () => {
    const on = await listing();
    const place = () =>
      column(world.pool, 'SELECT ctid::text FROM quote WHERE listing_id = $1 ORDER BY as_of', [on.id]);
    for (const each of deliveriesOf(on, [a(5, '100')])) await deliver(each);
    const before = await place();
    for (const each of deliveriesOf(on, [a(65, '100'), a(125, '100')])) await deliver(each);
    expect(await place()).toEqual(before);
  });
});

const priceNow = async (on: Listing, asOf: number) =>
  (
    await column(world.pool, 'SELECT price FROM quote WHERE listing_id = $1 AND as_of = $2', [on.id, new Date(asOf)])
  )[0] ?? null;

it('the same message three times at once is one batch [fault 19]', async () => {
  const on = await listing();
  const [delivery] = deliveriesOf(on, [{ asOf: 0, price: '100', fetchedAt: 5 }]);
  if (!delivery) throw new Error('There is one.');
  const results = await Promise.all([deliver(delivery), deliver(delivery), deliver(delivery)]);
  expect(results.filter((each) => each.repeated)).toHaveLength(2);
  expect(new Set(results.map((each) => each.batchId)).size).toBe(1);
  expect(await column(world.pool, 'SELECT count(*) FROM batch WHERE blob_key = $1', [delivery.batch.blobKey])).toEqual([
    '1',
  ]);
});
