/** Which queries an event touches, by the beginnings of their keys. */
import { z } from 'zod';
import { parseJson } from '../../../core/contracts/parse-json.ts';

/** An event, as far as the page reads it: what it is about. */
const eventSchema = z.object({
  type: z.string(),
  data: z.looseObject({
    sourceId: z.string().optional(),
    symbol: z.string().optional(),
    rows: z.array(z.looseObject({ symbol: z.string() })).optional(),
    series: z.array(z.looseObject({ symbol: z.string() })).optional(),
    listings: z.array(z.looseObject({ symbol: z.string() })).optional(),
    actions: z.unknown().optional(),
  }),
});

type Key = readonly string[];

const prices: readonly Key[] = [['quotes'], ['exchanges'], ['model']];

/** The keys of the queries that may answer otherwise since an event; none for one that this page does not know. */
export function touchedBy(text: string): readonly Key[] {
  const read = eventSchema.safeParse(parseJson(text));
  if (!read.success) return [];
  const { type, data } = read.data;
  const named = [data.symbol ?? [], ...(data.rows ?? []), ...(data.series ?? []), ...(data.listings ?? [])]
    .flat()
    .map((row) => (typeof row === 'string' ? row : row.symbol));
  const each = (...keys: readonly string[]) => named.flatMap((symbol) => keys.map((key): Key => [key, symbol]));
  const source = (key: string): Key => (data.sourceId === undefined ? [key] : [key, data.sourceId]);
  switch (type.replace(/^quotron\./, '')) {
    case 'quotes.stored':
    case 'quotes.revised':
      return [...prices, ...each('quote', 'history'), ['runs']];
    case 'bars.stored':
    case 'bars.revised':
    case 'bars.withdrawn':
      return [...each('bars'), ['coverage'], ['runs']];
    case 'actions.changed':
      return [['bars'], ['runs']];
    case 'constituents.stored':
    case 'constituents.revised':
      return [['constituents'], ['runs']];
    case 'batch.completed':
      return [...prices, ['quote'], ['history'], ['bars'], ['coverage'], ['runs']];
    case 'quarantine.added':
      return [['quarantine'], ['runs']];
    case 'listing.changed':
    case 'price.disputed':
      return [...prices, ...each('quote')];
    case 'finding.opened':
    case 'finding.closed':
      return [['findings'], ...prices, ...each('quote', 'bars')];
    case 'source.health-changed':
      return [['sources'], ['system'], ['services'], source('health-by-day'), source('incidents')];
    case 'incident.opened':
    case 'incident.resolved':
      return [source('incidents'), ['sources'], ['system']];
    case 'recovery.started':
    case 'recovery.finished':
      return [['recoveries'], ['recovery'], ['sources'], ['system']];
    case 'watch.changed':
      return [['quotes'], ['asset-classes']];
    case 'channel.disabled':
      return [['alert-channels'], ['alert-deliveries']];
    default:
      return [];
  }
}
