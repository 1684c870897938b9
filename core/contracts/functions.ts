import { streamGraceMs, streamLastsMs } from './events/following.ts';

/** The Lambda functions: the names of the folders under `functions/`. The local cloud leaves `cloudFunctions` out. */
export const functionNames = [
  'schedule',
  'scrape-api',
  'scrape-browser',
  'ingest',
  'monitor',
  'recover',
  'state',
  'migrate',
  'prepare-database',
  'maintain',
  'write-exports',
  'set-credentials',
  'api',
  'stream-events',
  'yahoo-proxy',
  'summarise',
  'relay-events',
  'relay-to-kafka',
  'make-topics',
  'evaluate-alerts',
  'deliver-alerts',
  'notify',
  'canary',
] as const;
export type FunctionName = (typeof functionNames)[number];

/** Functions that only an AWS account has a use for. */
export const cloudFunctions: readonly FunctionName[] = [
  'prepare-database',
  'make-topics',
  'stream-events',
  'notify',
  'canary',
];

/** Functions that are deployed only where a stage's settings ask for them. */
export const optionalFunctions: readonly FunctionName[] = [
  'summarise',
  'relay-to-kafka',
  'make-topics',
  'stream-events',
];

/**
 * Functions in the VPC: they reach Postgres, S3 and SQS and nothing else, `relay-to-kafka` also the stage's Kafka, and
 * `make-topics` only that. All others reach the internet, and no database.
 */
export const insideFunctions: readonly FunctionName[] = [
  'schedule',
  'ingest',
  'monitor',
  'recover',
  'state',
  'migrate',
  'maintain',
  'write-exports',
  'evaluate-alerts',
  'relay-to-kafka',
  'make-topics',
  'api',
  'stream-events',
];

/**
 * How long an invocation of each function may take, in seconds. `lib` gives it to Lambda, and the functions inside make
 * the time limits of their database connections of it, so that a database that hangs is noticed by the function and not
 * by Lambda, which would end it without an answer.
 */
export const timeoutSeconds: Readonly<Record<FunctionName, number>> = {
  schedule: 30,
  'scrape-api': 60,
  'scrape-browser': 120,
  ingest: 60,
  monitor: 30,
  // An interrupted message returns after six times this: within the three minutes of a canary.
  recover: 20,
  state: 10,
  migrate: 300,
  // Longer than migrate's, so that its answer arrives.
  'prepare-database': 420,
  // With months of prices that go to the archive: as long as Lambda lets a function run.
  maintain: 900,
  // It works for a minute at a time; an interrupted message returns after six times this.
  'write-exports': 150,
  'set-credentials': 20,
  api: 20,
  // A stream, that of a client which does not read to its end, and the start of a container.
  'stream-events': (streamLastsMs + streamGraceMs) / 1_000 + 20,
  // API Gateway gives up after 29 s.
  'yahoo-proxy': 28,
  summarise: 60,
  'relay-events': 60,
  'relay-to-kafka': 60,
  'make-topics': 60,
  'evaluate-alerts': 30,
  'deliver-alerts': 60,
  notify: 15,
  canary: 30,
};

/** Memory of the function `ingest` in MB: one whole CPU. */
export const ingestMemoryMb = 1769;

/**
 * Bytes to which a raw blob may unpack: as many as `ingest` can hold. It takes 16 times that (measured with 60 MB of daily
 * bars, 1.4 million rows: 1,048 MB, 118 of them before), so this leaves a third of the memory.
 */
export const maxBlobBytes = Math.floor(ingestMemoryMb / 28) * 1024 * 1024;
