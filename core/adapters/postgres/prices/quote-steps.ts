/** A page of quotes in the order of a number: where its rows stand, read along the index of the number's steps. */
import type { QuotePage } from '../../../ports/quote-reader.ts';
import type { QuoteOrder } from '../../../prices/quote-order.ts';
import { completedBy, priceColumns, servedColumns } from './quote-columns.ts';
import { type Parameters, pageOf } from './quote-list.ts';

interface Steps {
  /** Of `latest_quote`: there is none where the row itself has no such number. */
  readonly column: string;
  /** The number itself, of a row that has a step. */
  readonly number: string;
  /** SQL: the step of a number, by the function that stores it. */
  readonly of: (number: string) => string;
  readonly missing: 'never' | 'sometimes' | 'unless completed';
}

/** Orders whose numbers stay in their steps for most of the time: see the migration `steps-of-prices`. */
const stepsBy: ReadonlyMap<QuoteOrder, Steps> = new Map([
  ['price', { column: 'price_step', number: 'price', of: (number) => `step_of(${number}, 100)`, missing: 'never' }],
  [
    'changeFraction',
    {
      column: 'change_fraction_step',
      number: 'change_fraction',
      of: (number) => `fraction_step_of(${number})`,
      missing: 'unless completed',
    },
  ],
  [
    'volume',
    { column: 'volume_step', number: 'volume', of: (number) => `step_of(${number}, 10)`, missing: 'sometimes' },
  ],
]);

/** So many are walked over at the most: where fewer of these are wanted than a page needs, it is sought otherwise. */
const walkedFor = (rows: number) => 4 * rows + 100;

/**
 * SQL: the places of a page, as `x` of a WITH. `null` for an order without steps, and where more than the symbol and its class
 * says what is wanted. It has no row where the page may have some without a step, or where too few were wanted of those walked
 * over: then it is to be read in another way. `where` is a condition on `symbol_alias` a, `source` names the one that is asked for.
 */
export function placesBySteps(
  of: QuotePage,
  { where, source }: { readonly where: string; readonly source: string | null },
  parameters: Parameters,
): { readonly places: string; readonly order: string } | null {
  const steps = stepsBy.get(of.order);
  if (!steps || of.text !== null || of.mic !== null || of.changedSince !== null || of.after?.value === null)
    return null;
  const { column, number, missing } = steps;
  const { value, after, order } = pageOf(of, parameters);
  const [way, beyond] = of.down ? ['DESC', '<='] : ['ASC', '>='];
  const last = of.after ? `${parameters.add(of.after.value)}::numeric` : null;
  const behind = last === null ? '' : ` AND l.${column} ${beyond} ${steps.of(last)} AND l.${number} ${beyond} ${last}`;
  const rows = `FROM latest_quote l WHERE l.${column} IS NOT NULL${behind}`;
  const needed = of.offset + of.limit;
  const [most, walked] = [parameters.add(needed), parameters.add(walkedFor(needed))];
  // Each listing is looked up by its key, as it comes: OFFSET keeps Postgres from reading all of them for a join.
  const symbol = `CROSS JOIN LATERAL (SELECT a.symbol FROM symbol_alias a WHERE a.listing_id = q.listing_id AND ${where} OFFSET 0) a`;
  const ofSource = source === null ? 'c.source = q.source' : `q.source = ${source}`;
  // Nothing is missing where all were walked over, and each has a step.
  const isWhole = `(SELECT count(*) FROM near) = ${most}${missing === 'never' ? ` OR NOT EXISTS (SELECT ${rows} OFFSET ${walked})` : ''}`;
  const completed = `completed AS MATERIALIZED (
      SELECT * FROM (SELECT a.symbol, ${servedColumns} FROM consolidated_quote c
                     JOIN latest_quote q ON q.listing_id = c.listing_id AND q.source = c.source ${completedBy('c.complement')} ${symbol}
                     WHERE c.complement IS NOT NULL AND q.${column} IS NULL) x ${after}),`;
  const withCompleted = missing === 'unless completed' && source === null;
  const places = `WITH near AS MATERIALIZED (
      SELECT x.symbol, ${value} FROM (
        SELECT a.symbol, q.${column} AS step, q.${number} AS number, ${priceColumns}
        FROM (SELECT * ${rows} ORDER BY l.${column} ${way}, l.${number} ${way} FETCH FIRST (${walked}) ROWS WITH TIES) q
        CROSS JOIN LATERAL (SELECT FROM consolidated_quote c WHERE c.listing_id = q.listing_id AND ${ofSource} OFFSET 0) c ${symbol}) x
      ${after} ORDER BY x.step ${way}, x.number ${way}, x.symbol LIMIT ${most}),
    ${withCompleted ? completed : ''}
    x AS MATERIALIZED (
      SELECT * FROM (SELECT * FROM near x ${withCompleted ? `UNION ALL SELECT x.symbol, ${value} FROM completed x WHERE ${value} IS NOT NULL` : ''}) x
      WHERE ${isWhole} ${order} LIMIT ${parameters.add(of.limit)} OFFSET ${parameters.add(of.offset)})`;
  return { places, order };
}
