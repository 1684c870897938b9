import { shortFormRetryMs, streamLastsMs } from '../../core/contracts/events/following.ts';
import { kafkaPartitions } from '../../core/contracts/kafka.ts';
import { type Inventory, inventoryOf } from './inventory.ts';
import { listPrices } from './list-prices.ts';
import { type Use, type Workload, workloadOf } from './workload.ts';

/** One line of the bill. */
export interface PriceLine {
  readonly what: string;
  /** How many, and of what: `2 zones`. */
  readonly count: string;
  readonly usd: number;
}

/** What a stage costs a month by list price, in US dollars, without free tiers and taxes. */
export interface MonthlyPrice {
  readonly region: string;
  /** When the list prices were compared. */
  readonly asOf: string;
  readonly lines: readonly PriceLine[];
  readonly usd: number;
}

/** A stage that nobody uses and that collects nothing. */
export const idle: Use = { symbols: 0, hours: 'always', requests: 0, months: 1 };

/** Use by a team that collects so many symbols: requests as some open dashboards and scripts make them. */
export function usualUse(symbols: number, hours: Use['hours']): Use {
  return { symbols, hours, requests: Math.min(10_000_000, Math.max(200_000, symbols * 4_000)), months: 12 };
}

/**
 * The monthly price of a stage from its CloudFormation templates (those of `cdk.out`, parsed JSON). Pure.
 *
 * @example
 * monthlyPrice(templates, usualUse(20, 'always')).usd // 34.1
 */
export function monthlyPrice(templates: readonly unknown[], use: Use): MonthlyPrice {
  return priceOf(inventoryOf(templates), use);
}

/** The same for what templates hold, or would hold. */
export function priceOf(inventory: Inventory, use: Use): MonthlyPrice {
  const work = workloadOf(use);
  const lines = [...standing(inventory, work), ...byUse(inventory, use, work)].map((line) => ({
    ...line,
    usd: Math.round(line.usd * 100) / 100,
  }));
  const usd = Math.round(lines.reduce((sum, line) => sum + line.usd, 0) * 100) / 100;
  return { region: listPrices.region, asOf: listPrices.asOf, lines, usd };
}

/**
 * What a client costs a month that follows events round the clock, in US dollars: a request for each answer, and of a stream the
 * function that holds it open. Throws for a stream where the templates have no function of streams.
 */
export function followerUsd(of: Inventory, use: Use, by: 'short form' | 'stream'): number {
  const seconds = listPrices.hoursPerMonth * 3_600;
  const requests = (seconds * 1_000) / (by === 'stream' ? streamLastsMs : shortFormRetryMs);
  const asking = priceOf(of, { ...use, requests: use.requests + requests }).usd - priceOf(of, use).usd;
  if (by === 'short form') return asking;
  const fn = of.functions.get('stream-events');
  if (!fn) throw new Error('These templates have no function of streams: QUOTRON_EVENT_STREAMS was not set.');
  return asking + seconds * (fn.memoryMb / 1024) * listPrices.lambdaGbSecondArm;
}

/** Partitions of the topics of a stage. */
const partitions = kafkaPartitions.events + kafkaPartitions.dead;

function kafkaUsd(clusters: number, followers: number): number {
  const { kafkaHour, kafkaPartitionHour, kafkaPollerHour, hoursPerMonth } = listPrices;
  return (clusters * (kafkaHour + partitions * kafkaPartitionHour) + followers * kafkaPollerHour) * hoursPerMonth;
}

/** What Kafka costs a month by being there, with the one follower that Quotron has, in US dollars. */
export const kafkaMonth = kafkaUsd(1, 1);

/** What costs by being there. */
function standing(of: Inventory, work: Workload): PriceLine[] {
  const { hoursPerMonth: hours } = listPrices;
  const { instanceClass, storageGb, zones } = of.database;
  const hour = listPrices.databaseHour.get(instanceClass);
  if (hour === undefined)
    throw new Error(`The price of ${instanceClass} is not known. Add it to lib/cost/list-prices.ts.`);
  // It grows by itself; a fifth is kept free.
  const stored = Math.max(storageGb, Math.ceil((work.rowsGb + 5) * 1.2));
  const rules = of.webAclRules.reduce((sum, each) => sum + each, 0);
  const lines: PriceLine[] = [
    { what: 'Database', count: `${instanceClass}, ${zones} zone${zones > 1 ? 's' : ''}`, usd: hour * hours * zones },
    { what: 'Its storage', count: `${stored} GB`, usd: stored * listPrices.databaseStorageGb * zones },
    {
      what: 'Endpoint of queues in the VPC',
      count: `${of.endpointZones} zone${of.endpointZones > 1 ? 's' : ''}`,
      usd: of.endpointZones * listPrices.endpointHour * hours,
    },
    { what: 'Secrets', count: String(of.secrets), usd: of.secrets * listPrices.secret },
    {
      what: 'Alarms',
      count: `${of.alarms} on ${of.alarmMetrics} metrics`,
      usd: of.alarmMetrics * listPrices.alarmMetric + of.compositeAlarms * listPrices.compositeAlarm,
    },
    {
      what: 'Idle queues, polled by Lambda',
      count: String(of.polledQueues.limited + of.polledQueues.unlimited),
      usd: (pollsOf(of) / 1e6) * listPrices.queueMillion,
    },
    { what: 'Dashboards of CloudWatch', count: String(of.dashboards), usd: of.dashboards * listPrices.dashboard },
    {
      what: 'Web ACLs',
      count: `${of.webAclRules.length}, ${rules} rules`,
      usd: of.webAclRules.length * listPrices.webAcl + rules * listPrices.webAclRule,
    },
    {
      what: 'Kafka',
      count: `${of.kafkaClusters} cluster, ${partitions} partitions, ${of.kafkaFollowers} poller`,
      usd: kafkaUsd(of.kafkaClusters, of.kafkaFollowers),
    },
  ];
  return lines.filter(({ what, usd }) => usd > 0 || what === 'Endpoint of queues in the VPC');
}

/**
 * Lambda waits for messages with five pollers of 20 seconds each where the concurrency of a queue is limited, and with two
 * where it is not and there is little to do.
 */
function pollsOf({ polledQueues }: Inventory): number {
  const perPoller = (listPrices.hoursPerMonth * 3_600) / 20;
  return (polledQueues.limited * 5 + polledQueues.unlimited * 2) * perPoller;
}

/** Metrics of Quotron's own that have data in each hour (rows accepted and quarantined); all others cost their few hours. */
const steadyMetrics = 2;
/** Bytes of a log that an invocation leaves: Lambda's two lines, and its own. */
const logBytes = 1_200;
/** An event of a batch, in KB. */
const eventKb = 6;
/** Kafka keeps an event for a week. */
const keptMonths = 7 / 30.4;

function eventsUsd({ kafkaClusters }: Inventory, events: number): number {
  if (kafkaClusters === 0) return (events / 1e6) * (listPrices.topicMillion + eventKb * listPrices.topicMillionKb);
  const gb = (events * eventKb) / 1e6;
  return gb * (listPrices.kafkaGbIn + listPrices.kafkaGbOut + keptMonths * listPrices.kafkaGbMonth);
}

/** A packed answer. */
const answerBytes = 6_000;

/** What costs by being used. */
function byUse(of: Inventory, use: Use, work: Workload): PriceLine[] {
  const invocations = [...work.invocations].filter(([name]) => of.functions.has(name));
  const count = invocations.reduce((sum, [, each]) => sum + each.count, 0);
  const compute = invocations.reduce((sum, [name, each]) => {
    const shape = of.functions.get(name);
    if (!shape) return sum;
    const price = shape.arm ? listPrices.lambdaGbSecondArm : listPrices.lambdaGbSecondX86;
    return sum + each.seconds * (shape.memoryMb / 1024) * price;
  }, 0);
  const own = invocations.filter(([name]) => name !== 'api' && of.functions.get(name)?.traced);
  const traces = own.reduce((sum, [, each]) => sum + each.count, 0) + tracedRequests(of, use);
  const logGb = (count * logBytes + use.requests * 500) / 1e9;
  const millions = use.requests / 1e6;
  const lines: PriceLine[] = [
    {
      what: 'Lambda',
      count: `${thousands(count)} invocations`,
      usd: compute + (count / 1e6) * listPrices.lambdaMillion,
    },
    {
      what: 'Messages',
      count: `${thousands(work.queueRequests)} requests`,
      usd: (work.queueRequests / 1e6) * listPrices.queueMillion,
    },
    {
      what: 'Events',
      count: `${thousands(work.events)} on the topic`,
      usd: eventsUsd(of, work.events),
    },
    {
      what: 'Raw answers in S3',
      count: `${thousands(work.puts)} writes, ${work.objectsGb.toFixed(1)} GB`,
      usd:
        (work.puts / 1e3) * listPrices.putThousand +
        (work.gets / 1e3) * listPrices.getThousand +
        work.objectsGb * listPrices.objectGb,
    },
    {
      what: 'Metrics and logs',
      count: `${steadyMetrics} metrics, ${logGb.toFixed(1)} GB`,
      usd: (use.symbols > 0 ? steadyMetrics : 0) * listPrices.customMetric + logGb * listPrices.logGb,
    },
    { what: 'Traces', count: thousands(traces), usd: (traces / 1e6) * listPrices.traceMillion },
    {
      what: 'API and pages',
      count: `${thousands(use.requests)} requests`,
      usd:
        millions * (listPrices.restMillion + listPrices.pageMillion) +
        ((use.requests * answerBytes) / 1e9) * listPrices.pageGb +
        (of.webAclRules.length > 0 ? millions * listPrices.webAclMillion : 0),
    },
  ];
  return lines.filter(({ usd }) => usd > 0);
}

/**
 * Lambda records the first request of a second and one in twenty of the rest. Requests come together, as pages ask for
 * several things at once.
 */
const tracedShare = 0.3;

function tracedRequests(of: Inventory, use: Use): number {
  return of.functions.get('api')?.traced ? use.requests * tracedShare : 0;
}

function thousands(count: number): string {
  return count < 1_000 ? String(Math.round(count)) : `${Math.round(count / 1_000).toLocaleString('en-US')}k`;
}
