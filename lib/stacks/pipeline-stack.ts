import { Duration, Stack } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { alertingTypes } from '../../core/contracts/events/words.ts';
import { type FunctionName, ingestMemoryMb } from '../../core/contracts/functions.ts';
import { physicalName } from '../../core/contracts/installation.ts';
import { ingestQueueName, scrapeQueueName } from '../../core/contracts/queues.ts';
import { sourcesOf } from '../../core/sources/catalogue.ts';
import { deployedBy } from '../asset-bucket.ts';
import { DatabasePreparation } from '../constructs/database-preparation.ts';
import { type EventStream, EventTopic } from '../constructs/event-topic.ts';
import { KafkaEvents } from '../constructs/kafka-events.ts';
import { LocalKafkaEvents } from '../constructs/local-kafka-events.ts';
import { QuotronFunction, type QuotronFunctionProps } from '../constructs/quotron-function.ts';
import { grantSendToAll, QuotronQueue } from '../constructs/quotron-queue.ts';
import { leastConcurrency } from '../executions.ts';
import { PipelineAlarms } from '../monitoring/pipeline-alarms.ts';
import type { StageSettings } from '../stage-settings.ts';
import type { StorageStack } from './storage-stack.ts';
import type { StreamingStack } from './streaming-stack.ts';

interface FunctionSize {
  readonly description: string;
  readonly memoryMb: number;
  readonly requeues?: boolean;
}

/** Description and memory of each function of the pipeline. 1769 MB is one whole CPU. */
const sizes = {
  schedule: { description: 'Plans due runs', memoryMb: 512 },
  'scrape-api': { description: 'Calls REST sources and stores their answers', memoryMb: 512 },
  'scrape-browser': { description: 'Reads web pages with Chromium and stores them', memoryMb: 2048 },
  ingest: { description: 'Parses raw blobs into the database', memoryMb: ingestMemoryMb },
  monitor: { description: 'Turns outcomes into health', memoryMb: 512 },
  recover: { description: 'Recovers failing sources, step by step', memoryMb: 512 },
  state: { description: 'Serves permits, leases, sessions and the cache of the proxy', memoryMb: 512 },
  migrate: { description: 'Migrates the database', memoryMb: 512 },
  // Writing Parquet is the processor's work, and a file's rows are in memory.
  maintain: { description: 'Creates partitions, deletes expired rows, archives old months', memoryMb: 1769 },
  // Writing Parquet is the processor's work, and a file's rows are in memory.
  'write-exports': { description: 'Writes exports: files of prices to download', memoryMb: 1769, requeues: true },
  'relay-events': { description: 'Publishes the events of the outbox', memoryMb: 256 },
  'relay-to-kafka': { description: 'Publishes the events of the outbox on Kafka', memoryMb: 256 },
  'evaluate-alerts': { description: 'Evaluates rules of alerts on events', memoryMb: 256 },
  'deliver-alerts': { description: 'Sends alerts to their channels', memoryMb: 256 },
} satisfies Partial<Record<FunctionName, FunctionSize>>;

/**
 * From tick to row: queues, functions and the rules that drive them.
 *
 *  1. The functions, inside the VPC or outside as `insideFunctions` says.
 *  2. The queues, each with its consumer.
 *  3. Who may use what.
 *  4. The clock: EventBridge rules.
 *  5. On AWS, the migrations, before any code that needs them. On a laptop the deploy script does it.
 */
export class PipelineStack extends Stack {
  readonly queues: readonly QuotronQueue[];
  readonly ticks: QuotronQueue;
  readonly ingestQueue: QuotronQueue;
  /** Blobs of web pages. */
  readonly ingestPagesQueue: QuotronQueue;
  readonly recoveries: QuotronQueue;
  /** Wakes the sender of alerts. */
  readonly alerts: QuotronQueue;
  /** Exports that are to be written. */
  readonly exports: QuotronQueue;
  /** Where events go. */
  readonly events: EventStream;
  /** Called by functions outside. */
  readonly state: QuotronFunction;

  constructor(
    scope: Construct,
    id: string,
    settings: StageSettings,
    { storage, streaming }: { storage: StorageStack; streaming: StreamingStack | undefined },
  ) {
    super(scope, id, { ...deployedBy(settings), description: `Quotron (${settings.stage}): from tick to row` });
    const make = (name: keyof typeof sizes, more: Pick<QuotronFunctionProps, 'architecture' | 'groups'> = {}) =>
      new QuotronFunction(this, { name, settings, network: storage.cloud?.network, ...more, ...sizes[name] });

    const schedule = make('schedule');
    const scrapeApi = make('scrape-api');
    const scrapeBrowser = make('scrape-browser', { architecture: Architecture.X86_64 });
    const scrapers = [scrapeApi, scrapeBrowser];
    const ingest = make('ingest');
    const monitor = make('monitor');
    const recover = make('recover');
    const state = make('state');
    this.state = state;
    const migrate = make('migrate');
    const maintain = make('maintain');
    const exporter = make('write-exports');
    const onKafka = streaming !== undefined || (settings.stage === 'local' && settings.kafka !== undefined);
    const groups = storage.cloud && streaming && [storage.cloud.network.functions, streaming.clients];
    const relay = onKafka ? make('relay-to-kafka', { ...(groups && { groups }) }) : make('relay-events');
    const evaluate = make('evaluate-alerts');
    const deliver = make('deliver-alerts');

    const { concurrency } = settings;
    const sources = sourcesOf(settings.stage);
    const queue = (name: string, consumer: QuotronFunction, batchSize: number, maxConcurrency: number) =>
      new QuotronQueue(this, { name, settings, consumer, batchSize, maxConcurrency });
    const made = new Map<string, QuotronQueue>();
    const scrapeQueueOf = ({ id: sourceId, kind }: (typeof sources)[number]) => {
      // One for each source, so that one that hangs starves no other; or for each kind, where executions are few.
      const name = scrapeQueueName(concurrency.together ? kind : sourceId);
      const [reader, most] = kind === 'browser' ? [scrapeBrowser, leastConcurrency] : [scrapeApi, concurrency.scrape];
      const found = made.get(name) ?? queue(name, reader, 1, most);
      made.set(name, found);
      return found;
    };
    const scrapeQueues = Object.fromEntries(sources.map((source) => [source.id, scrapeQueueOf(source)]));
    const [ofApis, ofPages] = [ingestQueueName('api'), ingestQueueName('browser')];
    // Pages one by one: one that takes all of the function's time fails no other one's message.
    this.ingestQueue = queue(ofApis, ingest, concurrency.together ? 1 : 10, concurrency.ingest);
    this.ingestPagesQueue = concurrency.together ? this.ingestQueue : queue(ofPages, ingest, 1, leastConcurrency);
    const outcomes = queue('outcomes', monitor, 10, concurrency.outcomes);
    this.ticks = queue('ticks', schedule, 1, concurrency.ticks);
    this.recoveries = queue('recoveries', recover, 1, leastConcurrency);
    const events = queue('events', relay, 10, leastConcurrency);
    this.alerts = queue('alerts', deliver, 10, leastConcurrency);
    this.events = this.eventStream(settings, streaming);
    this.events.grantPublish(relay);
    this.exports = queue('exports', exporter, 1, leastConcurrency);
    const alertEvents = this.events.follow(evaluate, { name: 'alert-events', types: alertingTypes });
    const blobQueues = new Set([this.ingestQueue, this.ingestPagesQueue]);
    const otherQueues = [
      ...(alertEvents ? [alertEvents] : []),
      ...blobQueues,
      outcomes,
      this.ticks,
      this.recoveries,
      events,
      this.alerts,
      this.exports,
    ];
    this.queues = [...made.values(), ...otherQueues];

    for (const fn of [schedule, ingest, monitor, recover, maintain, exporter, evaluate])
      storage.database.grantConnect(fn, 'app');
    storage.database.grantConnect(state, 'state');
    storage.database.grantConnect(migrate, 'owner');
    storage.rawStore.grantRead(ingest);
    // For blobs of workers that died before they queued the blob's key.
    storage.rawStore.grantLook(monitor);
    this.grantIngest(monitor);
    storage.rawStore.grantRemoveImports(maintain);
    storage.rawStore.grantArchive(maintain);
    for (const fn of [state, exporter]) storage.rawStore.grantReadArchive(fn);
    storage.rawStore.grantAddExports(exporter);
    // After each stretch an export requeues its own message.
    this.exports.grantSend(exporter, 'exportsQueueUrl');
    maintain.addSetting('proxyAnswerDays', String(settings.proxyAnswerDays));
    maintain.addSetting('runDays', String(settings.runDays));
    maintain.addSetting('recordDays', String(settings.recordDays));
    maintain.addSetting('hotMonths', String(settings.hotMonths));
    storage.rawStore.grantAddArtifacts(scrapeBrowser);
    for (const scraper of scrapers) {
      storage.rawStore.grantAdd(scraper);
      outcomes.grantSend(scraper, 'outcomesQueueUrl');
      state.grantCall(scraper, 'stateFunction');
    }
    for (const [scraper, kind] of [
      [scrapeApi, 'api'],
      [scrapeBrowser, 'browser'],
    ] as const) {
      storage.sessionKeys.grantRead(scraper, kind);
      storage.credentials.grantRead(scraper, kind);
      // A task that must wait for its quota is requeued with a delay.
      const own = sources.filter((source) => source.kind === kind).map(({ id }) => id);
      grantSendToAll(
        scraper,
        'scrapeQueueUrls',
        Object.fromEntries(Object.entries(scrapeQueues).filter(([id]) => own.includes(id))),
      );
    }
    this.ingestQueue.grantSend(scrapeApi, 'ingestQueueUrl');
    this.ingestPagesQueue.grantSend(scrapeBrowser, 'ingestPagesQueueUrl');
    // `recover` sends canaries.
    for (const fn of [schedule, recover]) grantSendToAll(fn, 'scrapeQueueUrls', scrapeQueues);
    // While the service is stopped or the database away, a message is requeued with a delay, which does not count as a
    // failed try. So each reader may send to its own queue; the scrapers and `recover` may anyway.
    this.grantIngest(ingest);
    outcomes.grantSend(monitor, 'outcomesQueueUrl');
    this.ticks.grantSend(schedule, 'ticksQueueUrl');
    outcomes.grantSend(ingest, 'outcomesQueueUrl');
    events.grantSend(ingest, 'eventsQueueUrl');
    if (relay.inside) storage.database.grantConnect(relay, 'app');
    else state.grantCall(relay, 'stateFunction');
    state.grantCall(deliver, 'stateFunction');
    storage.alertKey.grantRead(deliver);
    // Whoever raises an alert wakes the sender; so does a retry that is due at once.
    for (const fn of [evaluate, deliver]) this.alerts.grantSend(fn, 'alertsQueueUrl');
    this.sendMails(deliver, settings);
    // The monitor starts recoveries; a waiting recovery requeues its own message.
    for (const fn of [monitor, recover]) this.recoveries.grantSend(fn, 'recoveriesQueueUrl');
    if (settings.acceptFindings)
      for (const fn of [ingest, maintain]) fn.addSetting('acceptFindings', settings.acceptFindings);
    if (settings.stage === 'local') {
      if (settings.sourceUrls) for (const fn of scrapers) fn.addSetting('sourceUrls', settings.sourceUrls);
      // The simulated market never closes.
      if (settings.simulatedSources)
        for (const fn of [schedule, monitor, evaluate]) fn.addSetting('sessions', 'ignored');
      if (settings.chromium) scrapeBrowser.addSetting('chromium', settings.chromium);
      if (settings.chromiumPack) scrapeBrowser.addSetting('chromiumPack', settings.chromiumPack);
    }

    const ticking = [schedule, monitor, relay, evaluate, deliver];
    this.clock(settings, ticking, maintain);
    if (storage.cloud && settings.stage !== 'local') {
      const collecting = [schedule, ...scrapers, ingest, state];
      const keeping = [monitor, recover, maintain, exporter, relay, evaluate, deliver];
      new PipelineAlarms(this, 'Alarms', {
        ...{ settings, sources, collecting, keeping },
        scrapeQueues: [...made.values()],
        otherQueues,
        ticking,
        maintain,
      });
      const preparation = new DatabasePreparation(this, 'DatabasePreparation', {
        settings,
        migrate,
        database: storage.cloud.database,
      });
      preparation.before([...collecting, ...keeping]);
    }
  }

  /** Lets a function queue blobs of any source. */
  grantIngest(fn: QuotronFunction): void {
    this.ingestQueue.grantSend(fn, 'ingestQueueUrl');
    this.ingestPagesQueue.grantSend(fn, 'ingestPagesQueueUrl');
  }

  private eventStream(settings: StageSettings, streaming: StreamingStack | undefined): EventStream {
    if (settings.stage !== 'local' && streaming) return new KafkaEvents(this, 'Events', { settings, streaming });
    if (settings.stage === 'local' && settings.kafka) return new LocalKafkaEvents(this, 'Events', settings.kafka);
    return new EventTopic(this, 'Events', settings);
  }

  /** Lets `fn` send mails: by SES on AWS, by a server of SMTP on a laptop. */
  private sendMails(fn: QuotronFunction, settings: StageSettings): void {
    if (settings.stage === 'local') {
      if (settings.alertsSmtp) fn.addSetting('alertsSmtp', settings.alertsSmtp);
      if (settings.alertHosts) fn.addSetting('alertHosts', settings.alertHosts);
    }
    if (!settings.alertsFrom) return;
    fn.addSetting('alertsFrom', settings.alertsFrom);
    if (settings.stage === 'local') return;
    const domain = settings.alertsFrom.slice(settings.alertsFrom.lastIndexOf('@') + 1);
    const identity = (resourceName: string) => this.formatArn({ service: 'ses', resource: 'identity', resourceName });
    // SES has verified the address, or its whole domain.
    fn.allow(['ses:SendEmail'], [identity(settings.alertsFrom), identity(domain)]);
  }

  private clock(settings: StageSettings, eachMinute: readonly QuotronFunction[], daily: QuotronFunction): void {
    // A late tick is useless: the next one plans everything that has been due since the last one.
    const oneTry = { maxEventAge: Duration.minutes(1), retryAttempts: 0 };
    for (const fn of eachMinute) fn.lambda.configureAsyncInvoke(oneTry);
    new Rule(this, 'EachMinute', {
      ruleName: physicalName(settings, 'each-minute'),
      description: 'The tick: its time is the clock of planner and monitor',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: eachMinute.map((fn) => new LambdaTarget(fn.lambda, oneTry)),
    });
    new Rule(this, 'EachDay', {
      ruleName: physicalName(settings, 'each-day'),
      description: 'Maintenance of the database, at a quiet hour for European and American exchanges',
      schedule: Schedule.cron({ hour: '2', minute: '10' }),
      targets: [new LambdaTarget(daily.lambda, { maxEventAge: Duration.hours(2), retryAttempts: 2 })],
    });
  }
}
