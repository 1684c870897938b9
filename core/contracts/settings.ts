/**
 * Names of the settings (environment variables) that `lib` gives to functions, and that handlers read through
 * `functions/settings.ts`. Both sides use these constants, so that a name can never be spelled twice.
 */
export const settingNames = {
  /** `local`, `dev` or `prod`. */
  stage: 'QUOTRON_STAGE',
  rawBucket: 'RAW_BUCKET',
  ingestQueueUrl: 'INGEST_QUEUE_URL',
  outcomesQueueUrl: 'OUTCOMES_QUEUE_URL',
  /** JSON object: source id to the URL of its scrape queue. */
  scrapeQueueUrls: 'SCRAPE_QUEUE_URLS',
  /** JSON object: queue name to `{url, deadUrl}`; what the API shows and redrives. */
  queues: 'QUEUES',
  /** Name of the `state` function, for functions outside the VPC. */
  stateFunction: 'STATE_FUNCTION',
  /** Name of the `schedule` function, which the API invokes for "run now". */
  scheduleFunction: 'SCHEDULE_FUNCTION',
  /** Id of the secret whose string is the base64 AES-256 key of stored sessions. */
  sessionKeySecret: 'SESSION_KEY_SECRET',
  /** JSON object: source id to a base URL that replaces the catalogue's. Empty on AWS. */
  sourceUrls: 'SOURCE_URLS',
  /** Canonical symbols, separated by commas, in place of the catalogue's. */
  symbols: 'QUOTRON_SYMBOLS',
  /** A full connection string; wins over the `DB_` settings. */
  databaseUrl: 'DATABASE_URL',
  dbHost: 'DB_HOST',
  dbPort: 'DB_PORT',
  dbName: 'DB_NAME',
  dbUser: 'DB_USER',
} as const;

/** The Lambda functions: the names of the folders under `functions/`. */
export const functionNames = [
  'schedule',
  'scrape-api',
  'ingest',
  'monitor',
  'state',
  'migrate',
  'maintain',
  'api',
] as const;
export type FunctionName = (typeof functionNames)[number];

/** Functions in the VPC: they reach Postgres, S3 and SQS and nothing else. All others reach the world, and no database. */
export const insideFunctions: readonly FunctionName[] = [
  'schedule',
  'ingest',
  'monitor',
  'state',
  'migrate',
  'maintain',
  'api',
];

/** The scrape queue of a source. One per source, so that one that hangs starves no other. */
export function scrapeQueueName(sourceId: string): string {
  return `scrape-${sourceId}`;
}
