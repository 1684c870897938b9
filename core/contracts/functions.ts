/** The Lambda functions: the names of the folders under `functions/`. The local cloud leaves `prepare-database` out. */
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
  'set-credentials',
  'api',
  'yahoo-proxy',
  'summarise',
] as const;
export type FunctionName = (typeof functionNames)[number];

/** Functions that are deployed only where a stage's settings ask for them. */
export const optionalFunctions: readonly FunctionName[] = ['summarise'];

/**
 * Functions in the VPC: they reach Postgres, S3 and SQS and nothing else. All others reach the internet, and no
 * database.
 */
export const insideFunctions: readonly FunctionName[] = [
  'schedule',
  'ingest',
  'monitor',
  'recover',
  'state',
  'migrate',
  'maintain',
  'api',
];
