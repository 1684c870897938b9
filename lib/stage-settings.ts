import type { Duration } from 'aws-cdk-lib';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { DatabaseUrls } from '../core/contracts/migrate.ts';

/** What differs between stages. The values are in `bin/stages.ts`, and nowhere else. */
interface CommonSettings {
  /** What all names begin with, so that an account may have a second copy of a stage: `prefixSchema`. */
  readonly prefix: string;
  /** Origins, separated by commas, whose pages may read answers of the API. None unless it is given. */
  readonly corsOrigins: string | undefined;
  /** Whether everybody may see how the sources do, at `/status`. */
  readonly publicStatus: boolean;
  /** Rules of prices, separated by commas, whose proposals are accepted without a person. None unless it is given. */
  readonly acceptFindings: string | undefined;
  /** The sender of mails of alerts. None unless it is given: then no mail is sent. */
  readonly alertsFrom: string | undefined;
  /** Requests of a minute and a day that sources get, `yahoo=200/300000`; those of their definitions unless it is given. */
  readonly sourceQuotas: string | undefined;
  /** How many symbols the watch list may have; the usual number unless it is given. */
  readonly watchLimit: number | undefined;
  /** For how many days the proxy's record keeps what Yahoo answered. */
  readonly proxyAnswerDays: number;
  /** For how many days runs are kept, with their tasks, attempts and statistics: 45 or more. */
  readonly runDays: number;
  /** For how many days records of what happened are kept, such as incidents and settled rows of the quarantine: 45 or more. */
  readonly recordDays: number;
  /** How many months of quotes stay in the database, the running one among them: 2 or more. Older ones are files. */
  readonly hotMonths: number;
  readonly logRetention: RetentionDays;
  /**
   * How many containers may work on a queue at once (`maxConcurrency` of its event source, 2 or more). `scrape` is per
   * source. Each container inside the VPC holds one database connection.
   */
  readonly concurrency: {
    readonly scrape: number;
    /**
     * One queue for all sources of a kind and one for all blobs, where the account has few executions: Lambda takes at least
     * two for each queue. A source that hangs then keeps others waiting.
     */
    readonly together: boolean;
    readonly ingest: number;
    readonly outcomes: number;
    readonly ticks: number;
  };
  /** Requests a second, and at once, that the REST API lets through. */
  readonly throttle: { readonly rate: number; readonly burst: number };
}

/** The local stage: an emulator replaces AWS, and Postgres runs beside it. */
export interface LocalSettings extends CommonSettings {
  readonly stage: 'local';
  readonly databaseUrls: DatabaseUrls;
  /** JSON object, source id to base URL; absent with the real sources. */
  readonly sourceUrls: string | undefined;
  /** Ids of the simulated sources, separated by commas; absent with the real ones. */
  readonly simulatedSources: string | undefined;
  /** Address of a server that takes mails of alerts, `smtp://…`. */
  readonly alertsSmtp: string | undefined;
  /** Hosts, separated by commas, that alerts may be sent to although their addresses are private. */
  readonly alertHosts: string | undefined;
  /** Settings by which functions reach a Kafka (`KAFKA_…`): events go there, and not to SNS. */
  readonly kafka: Readonly<Record<string, string>> | undefined;
  /** Path of a Chromium to use instead of a discovered one. */
  readonly chromium: string | undefined;
  /** Folder of the packed Chromium, which is then left out of the bundle: 66 MB that each container would unpack. */
  readonly chromiumPack: string | undefined;
}

/** Instances that the database may have, without `db.`, with their memory in GB. */
export const databaseSizes = {
  't4g.micro': 1,
  't4g.small': 2,
  't4g.medium': 4,
  't4g.large': 8,
  'm7g.large': 8,
  'm7g.xlarge': 16,
  'r7g.large': 16,
} as const;
export type DatabaseSize = keyof typeof databaseSizes;
export const databaseSizeNames: readonly DatabaseSize[] = [
  't4g.micro',
  't4g.small',
  't4g.medium',
  't4g.large',
  'm7g.large',
  'm7g.xlarge',
  'r7g.large',
];

/** Connections that an instance has memory for: RDS's own rule, memory / 9531392 bytes, of what the system leaves. */
export function mostConnections(size: DatabaseSize): number {
  return Math.floor((databaseSizes[size] * 0.8 * 1024 ** 3) / 9_531_392);
}

/** An AWS account. */
export interface CloudSettings extends CommonSettings {
  readonly stage: 'dev' | 'prod';
  readonly database: {
    readonly size: DatabaseSize;
    /** A second instance in another zone, which takes over within minutes, at twice the price. */
    readonly multiAz: boolean;
    /** Set in the parameter group, so that the sum of what functions may open can be checked against it. */
    readonly maxConnections: number;
    /** Connections that the API may hold, enforced by Postgres on the API's role. */
    readonly apiConnections: number;
    /** Connections that `state` may hold, which scrapers and the Yahoo proxy call; enforced in the same way. */
    readonly stateConnections: number;
    readonly backups: Duration;
    /** Storage that it begins with. */
    readonly storageGb: number;
    readonly maxStorageGb: number;
    /** Refuse to delete the database, and keep it when its stack is deleted. */
    readonly keep: boolean;
    /** Name or ARN of the snapshot that it is restored from. Once set, it stays: without it, the database would be a new, empty one. */
    readonly snapshot: string | undefined;
  };
  /** Where events go: a FIFO topic of SNS, or a Kafka of their own (MSK Serverless), which costs hundreds of dollars a month. */
  readonly events: 'sns' | 'kafka';
  /**
   * How many clients may hold a stream of events open at the same time, each in a container of `stream-events` of its own; those
   * that come later get the short form. With 0 all do, and there is no such function.
   */
  readonly eventStreams: number;
  /** Number of zones of the SQS endpoint: each costs about 7 dollars a month. */
  readonly endpointZones: 1 | 2;
  /**
   * Id of a Bedrock model, or inference profile, that adds a summary to diagnostic reports. Reports are sent to it, and
   * each costs. `undefined` deploys none of it.
   */
  readonly summaryModel: string | undefined;
  /** Who gets mails of alarms and of the budget; `prod` requires an address. */
  readonly alarmEmail: string | undefined;
  /** Whether there is a dashboard of CloudWatch: 3 dollars a month. */
  readonly dashboard: boolean;
  /** Which functions X-Ray records: those that the API starts, or all. */
  readonly traces: 'requests' | 'all';
  /** How many functions the account may run at once, in the stage's region; an alarm comes before that. */
  readonly accountConcurrency: number;
  /** US dollars a month, of the whole account: alerts come at 50, 80 and 100 percent. */
  readonly budgetUsd: number;
  /**
   * A name of one's own for the dashboard and the API, with the ARN of its certificate, which CloudFront wants in us-east-1.
   * The name's record is the owner's to make. `undefined` leaves the cloudfront.net name.
   */
  readonly domain: { readonly name: string; readonly certificateArn: string } | undefined;
  /** ARN of a web ACL (AWS WAF, scope CLOUDFRONT, us-east-1) that CloudFront asks first. */
  readonly webAclArn: string | undefined;
  /** AWS WAF's managed rules before the REST API. */
  readonly waf: boolean;
  /** Folder of the built dashboard. */
  readonly webFolder: string;
}

export type StageSettings = LocalSettings | CloudSettings;
