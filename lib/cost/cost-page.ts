import { type Inventory, inventoryOf } from './inventory.ts';
import { listPrices } from './list-prices.ts';
import { followerUsd, idle, type MonthlyPrice, priceOf, usualUse } from './monthly-price.ts';
import type { Use } from './workload.ts';

/** A size of installation that the page prices. */
interface Size {
  readonly title: string;
  readonly stage: 'dev' | 'prod';
  readonly use: Use;
  /** US dollars a month that it should not pass. */
  readonly goal?: number;
  /** In place of the stage's own: what so many symbols need. */
  readonly instanceClass?: string;
}

/** The sizes of the page, each with its goal. */
export const sizes: readonly Size[] = [
  { title: '`dev`, idle', stage: 'dev', use: idle },
  { title: '`prod`, idle', stage: 'prod', use: idle },
  { title: '20 symbols, `dev`', stage: 'dev', use: usualUse(20, 'always'), goal: 22 },
  { title: '500 symbols, `prod`', stage: 'prod', use: usualUse(500, 'session'), goal: 95 },
  {
    title: '5,000 symbols, `prod`',
    stage: 'prod',
    use: usualUse(5_000, 'session'),
    goal: 340,
    instanceClass: 'db.m7g.large',
  },
];

/** Of the stages, of `dev` with its events on Kafka, and of `prod` with streams of them. */
type Templates = Readonly<Record<Size['stage'] | 'kafka' | 'streams', readonly unknown[]>>;

/** The price of each size. */
export function sizePrices(templates: Templates): readonly { readonly size: Size; readonly price: MonthlyPrice }[] {
  const inventories = { dev: inventoryOf(templates.dev), prod: inventoryOf(templates.prod) };
  return sizes.map((size) => {
    const of = inventories[size.stage];
    const instanceClass = size.instanceClass ?? of.database.instanceClass;
    return { size, price: priceOf({ ...of, database: { ...of.database, instanceClass } }, size.use) };
  });
}

const section = (name: string) => new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- end of ${name} -->)`);

/** docs/cost.md with its tables as they are today. Throws where the page lacks the place of one. */
export function costPage(page: string, templates: Templates): string {
  const made = sizePrices(templates);
  const tables = new Map([
    ['sums', sums(made)],
    ['lines', lines(made)],
    [
      'options',
      options({
        ...{ dev: inventoryOf(templates.dev), prod: inventoryOf(templates.prod) },
        ...{ kafka: inventoryOf(templates.kafka), streams: inventoryOf(templates.streams) },
      }),
    ],
    ['list prices', prices()],
  ]);
  return [...tables].reduce((text, [name, table]) => {
    if (!section(name).test(text)) throw new Error(`docs/cost.md has no place for its table "${name}".`);
    return text.replace(section(name), (_, start: string, end: string) => `${start}\n${table}\n\n${end}`);
  }, page);
}

type Priced = ReturnType<typeof sizePrices>;

function sums(made: Priced): string {
  return table(
    ['size', 'USD a month', 'goal', 'dearest'],
    made.map(({ size, price }) => [
      size.title,
      price.usd.toFixed(2),
      size.goal === undefined
        ? ''
        : `${size.goal} ${price.usd <= size.goal ? 'held' : `missed by ${(price.usd - size.goal).toFixed(2)}`}`,
      dearest(price),
    ]),
  );
}

function dearest(price: MonthlyPrice): string {
  return price.lines
    .toSorted((a, b) => b.usd - a.usd)
    .slice(0, 3)
    .map(({ what, usd }) => `${what} ${usd.toFixed(2)}`)
    .join(', ');
}

function lines(made: Priced): string {
  const names = [...new Set(made.flatMap(({ price }) => price.lines.map(({ what }) => what)))];
  const row = (what: string) => [
    what,
    ...made.map(({ price }) => {
      const line = price.lines.find((each) => each.what === what);
      return line ? `${line.usd.toFixed(2)} (${line.count})` : '';
    }),
  ];
  return table(['', ...made.map(({ size }) => size.title)], names.map(row));
}

/** What a setting or a later part would add. */
function options({ dev, prod, kafka, streams }: Readonly<Record<keyof Templates, Inventory>>): string {
  const usual = usualUse(500, 'session');
  const more = (changed: Partial<Inventory>, of = prod) =>
    priceOf({ ...of, ...changed }, usual).usd - priceOf(of, usual).usd;
  const traced = new Map([...prod.functions].map(([name, shape]) => [name, { ...shape, traced: true }]));
  return table(
    ['option', 'USD a month more'],
    [
      ['A second zone for the database (`prod`)', usd(more({ database: { ...prod.database, zones: 2 } }))],
      ['A zone more or less for the endpoint of queues', usd(more({ endpointZones: prod.endpointZones + 1 }))],
      ['Without the endpoint of queues in `dev`', usd(more({ endpointZones: 0 }, dev))],
      ['Without the endpoint of queues in `prod`', usd(more({ endpointZones: 0 }))],
      ['A dashboard of CloudWatch', usd(more({ dashboards: prod.dashboards + 1 }))],
      ['A web ACL with the managed rules of `QUOTRON_WAF` (500 symbols)', usd(more({ webAclRules: [3] }))],
      ['Traces of everything that runs (500 symbols, `prod`)', usd(more({ functions: traced }))],
      [
        'Events on Kafka in `dev`: MSK Serverless, partitions, the poller of alerts, a larger database',
        usd(more(kafka, dev)),
      ],
      ['Streams of events (`QUOTRON_EVENT_STREAMS`, `prod`), while nobody holds one', usd(more(streams))],
      [
        'A tab of the dashboard that is open round the clock (`prod`): its events by the short form',
        usd(followerUsd(prod, usual, 'short form')),
      ],
      ['The same tab: its events by a stream', usd(followerUsd(streams, usual, 'stream'))],
      [
        'Answers kept of the Yahoo proxy, for each call to Yahoo a minute, round the clock (50 symbols are one call)',
        usd((listPrices.hoursPerMonth * 60 * listPrices.putThousand) / 1000),
      ],
      ['A secret, for a source that needs one', usd(listPrices.secret)],
      [
        'A queue that is idle, for a source',
        usd(more({ polledQueues: { ...prod.polledQueues, limited: prod.polledQueues.limited + 1 } })),
      ],
    ],
  );
}

function usd(value: number): string {
  return value.toFixed(2);
}

function prices(): string {
  const { asOf, region, databaseHour, ...rest } = listPrices;
  const rows = [
    ...[...databaseHour].map(([name, price]) => [`${name}, an hour`, String(price)]),
    ...Object.entries(rest).map(([name, price]) => [words(name), String(price)]),
  ];
  return `As of ${asOf}, ${region}, in US dollars.\n\n${table(['what', 'price'], rows)}`;
}

/** `queueMillion` → `queue million`. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
