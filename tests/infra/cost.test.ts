import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { costPage, sizePrices } from '../../lib/cost/cost-page.ts';
import { inventoryOf } from '../../lib/cost/inventory.ts';
import { followerUsd, idle, kafkaMonth, monthlyPrice, priceOf, usualUse } from '../../lib/cost/monthly-price.ts';
import { onKafka, type StageName, synthesized, withStreams } from './synthesize.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/cost.md'), 'utf8');
const templatesOf = (stage: StageName) =>
  Object.values(synthesized(stage).stacks).map(({ template }): unknown => template.toJSON());
const templates = {
  dev: templatesOf('dev'),
  prod: templatesOf('prod'),
  kafka: templatesOf(onKafka),
  streams: templatesOf(withStreams),
};

/** US dollars a month that each size costs now. Lower one when a change makes it cheaper; whoever raises one says why.
 * Alerts cost two dollars: two queues that Lambda polls, nine metrics of alarms, a secret, and their two functions. */
const reached = new Map([
  ['`dev`, idle', 33.23],
  ['`prod`, idle', 55.43],
  ['20 symbols, `dev`', 38.77],
  ['500 symbols, `prod`', 80.34],
  ['5,000 symbols, `prod`', 274.84],
]);
/** Goals that list prices do not allow now, with the lines without which they would hold. */
const missed = new Map([
  ['20 symbols, `dev`', ['Endpoint of queues in the VPC', 'Alarms', 'Idle queues, polled by Lambda']],
]);

describe('docs/cost.md', () => {
  it('has the figures of the templates, the catalogue and the list prices: npm run cost', () => {
    expect(page).toBe(costPage(page, templates));
  });

  it.each(sizePrices(templates).map(({ size, price }) => [size.title, size, price] as const))(
    '%s costs no more than it did',
    (title, { goal }, price) => {
      expect(price.usd).toBeLessThanOrEqual((reached.get(title) ?? 0) * 1.03);
      expect(price.lines.reduce((sum, { usd }) => sum + usd, 0)).toBeCloseTo(price.usd, 2);
      const without = missed.get(title) ?? [];
      const left = price.lines.filter(({ what }) => !without.includes(what)).reduce((sum, { usd }) => sum + usd, 0);
      expect(left).toBeLessThanOrEqual((goal ?? Number.POSITIVE_INFINITY) * 1.03);
    },
  );
});

describe('the price of a stage', () => {
  const made = inventoryOf(templates.prod);

  it('grows with symbols, hours and requests', () => {
    const usd = (use: Parameters<typeof priceOf>[1]) => priceOf(made, use).usd;
    expect(usd(usualUse(20, 'session'))).toBeGreaterThan(usd(idle));
    expect(usd(usualUse(500, 'session'))).toBeGreaterThan(usd(usualUse(20, 'session')));
    expect(usd(usualUse(500, 'always'))).toBeGreaterThan(usd(usualUse(500, 'session')));
    expect(usd({ ...idle, requests: 1e6 })).toBeGreaterThan(usd(idle) + 4);
  });

  it.each([
    ['a second zone of the database', { database: { ...made.database, zones: 2 as const } }, 25.66],
    ['a dashboard', { dashboards: made.dashboards + 1 }, 3],
    ['an alarm on ten metrics', { alarmMetrics: made.alarmMetrics + 10 }, 1],
    ['a zone of an endpoint', { endpointZones: made.endpointZones + 1 }, 7.3],
    ['Kafka', { kafkaClusters: 1 }, 547.5],
    ['a follower of Kafka', { kafkaFollowers: 1 }, 135],
  ])('has %s in it', (_, more, least) => {
    expect(priceOf({ ...made, ...more }, idle).usd - priceOf(made, idle).usd).toBeGreaterThanOrEqual(least - 0.01);
  });

  it('of a stage with its events on Kafka is what the warning of its synthesis says', () => {
    const line = monthlyPrice(templates.kafka, idle).lines.find(({ what }) => what === 'Kafka');
    expect(line?.usd).toBeCloseTo(kafkaMonth, 2);
  });

  it('of a client that follows events has its requests in it, and of a stream the function that waits', () => {
    const streams = inventoryOf(templates.streams);
    const [short, stream] = (['short form', 'stream'] as const).map((by) => followerUsd(streams, idle, by));
    // 175,200 requests at 3.5 and 1 dollars a million, and a quarter of a GB for 730 hours.
    expect(short).toBeGreaterThan(0.79);
    expect(stream).toBeGreaterThan(8.76);
    expect(stream).toBeLessThan(9);
    expect(() => followerUsd(made, idle, 'stream')).toThrow('QUOTRON_EVENT_STREAMS');
  });

  it('knows the price of every kind of resource, or says which it does not know', () => {
    const nat = { Resources: { Nat: { Type: 'AWS::EC2::NatGateway' } } };
    expect(() => monthlyPrice([...templates.dev, nat], idle)).toThrow('AWS::EC2::NatGateway');
    const database = { ...made.database, instanceClass: 'db.x9g.huge' };
    expect(() => priceOf({ ...made, database }, idle)).toThrow('db.x9g.huge');
  });

  it('counts each metric of an alarm on an expression, and no expression', () => {
    const alarm = (Properties: object) => ({ Resources: { A: { Type: 'AWS::CloudWatch::Alarm', Properties } } });
    const of = (Properties: object) =>
      inventoryOf([...templates.dev, alarm(Properties)]).alarmMetrics - inventoryOf(templates.dev).alarmMetrics;
    expect(of({ MetricName: 'Errors' })).toBe(1);
    expect(of({ Metrics: [{ Expression: 'a+b' }, { MetricStat: {} }, { MetricStat: {} }] })).toBe(2);
  });
});
