/**
 * Names of the settings (environment variables) that `lib` gives to functions, and that handlers read through
 * `core/runtime/settings.ts`. Both sides use these constants, so that a name is spelled only once.
 */
export const settingNames = {
  /** `local`, `dev` or `prod`. */
  stage: 'QUOTRON_STAGE',
  /** What the names of the installation begin with; `quotron` unless it is set. */
  prefix: 'QUOTRON_PREFIX',
  rawBucket: 'RAW_BUCKET',
  ingestQueueUrl: 'INGEST_QUEUE_URL',
  /** Queue of the blobs of web pages. */
  ingestPagesQueueUrl: 'INGEST_PAGES_QUEUE_URL',
  outcomesQueueUrl: 'OUTCOMES_QUEUE_URL',
  /** JSON object: source id to the URL of its scrape queue. */
  scrapeQueueUrls: 'SCRAPE_QUEUE_URLS',
  /** JSON object: queue name to `{url, deadUrl}`; what the API shows and redrives. */
  queues: 'QUEUES',
  /** Name of the `state` function, for functions outside the VPC. */
  stateFunction: 'STATE_FUNCTION',
  /** Queue of the `schedule` function: the API sends a `Tick` with `run` there for "run now". */
  ticksQueueUrl: 'TICKS_QUEUE_URL',
  /** Queue of the `summarise` function; absent where no model is configured. */
  summariesQueueUrl: 'SUMMARIES_QUEUE_URL',
  /** Id of the Bedrock model, or inference profile, that writes summaries of reports. */
  summaryModel: 'SUMMARY_MODEL',
  /** Queue of the `relay-events` function: `ingest` says there that there are new events. */
  eventsQueueUrl: 'EVENTS_QUEUE_URL',
  /** ARN of the topic of events. */
  eventsTopic: 'EVENTS_TOPIC',
  /** Queue of the `deliver-alerts` function: whoever makes an alert says there that there is one. */
  alertsQueueUrl: 'ALERTS_QUEUE_URL',
  /** Queue of the `write-exports` function. */
  exportsQueueUrl: 'EXPORTS_QUEUE_URL',
  /**
   * Hosts, separated by commas, that alerts may be sent to although their addresses are private, over http too. For a laptop;
   * none on AWS.
   */
  alertHosts: 'QUOTRON_ALERT_HOSTS',
  /** `host:port` of Kafka's brokers, separated by commas. Set where events go to Kafka. */
  kafkaBrokers: 'KAFKA_BROKERS',
  /** The topic of events. */
  kafkaTopic: 'KAFKA_TOPIC',
  /** `PLAINTEXT`, `SSL`, `SASL_PLAINTEXT` or `SASL_SSL`. */
  kafkaSecurityProtocol: 'KAFKA_SECURITY_PROTOCOL',
  /** `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512` or `AWS_MSK_IAM`. */
  kafkaSaslMechanism: 'KAFKA_SASL_MECHANISM',
  kafkaSaslUsername: 'KAFKA_SASL_USERNAME',
  kafkaSaslPassword: 'KAFKA_SASL_PASSWORD',
  /** File (PEM) with the certificate of the authority that signed the brokers' own. */
  kafkaCaFile: 'KAFKA_CA_FILE',
  /** Id of the secret of which the key is made that opens channels of alerts; only `deliver-alerts` reads it. */
  alertsKeySecret: 'ALERTS_KEY_SECRET',
  /** The sender of mails of alerts; no mail is sent without it. */
  alertsFrom: 'QUOTRON_ALERTS_FROM',
  /** Address of the server of mails, `smtp://…`; Amazon SES unless it is set. */
  alertsSmtp: 'QUOTRON_ALERTS_SMTP',
  /** Queue of the `recover` function. */
  recoveriesQueueUrl: 'RECOVERIES_QUEUE_URL',
  /**
   * Id of the secret that protects stored sessions. Its string is 64 random letters and digits (381 bits), as Secrets
   * Manager generates them; it cannot generate the 32 bytes of an AES-256 key. The key is derived from it:
   * `hkdfSync('sha256', secretString, '', 'quotron/session/v1', 32)`.
   */
  sessionKeySecret: 'SESSION_KEY_SECRET',
  /** JSON object: source id to the id of the secret with its credentials. */
  credentialSecrets: 'CREDENTIAL_SECRETS',
  /** For `prepare-database`: id of the secret `{username, password}` of the database's master user. */
  masterSecret: 'DB_MASTER_SECRET',
  /** For `prepare-database`: id of the secret where the first admin key is put. */
  firstKeySecret: 'FIRST_KEY_SECRET',
  /** For `notify` and `canary`: id of the secret with the webhook of alarms and the canary's key. */
  operationsSecret: 'OPERATIONS_SECRET',
  /** For `canary`: the address at which people find the dashboard and the API. */
  canaryUrl: 'CANARY_URL',
  /** For `prepare-database`: ARN of the version of `migrate` that this deployment brings. */
  migrateFunction: 'MIGRATE_FUNCTION',
  /** For `prepare-database`: the connection limit of the API's database role. */
  apiConnections: 'DB_API_CONNECTIONS',
  /** For `prepare-database`: the connection limit of the database role of `state`. */
  stateConnections: 'DB_STATE_CONNECTIONS',
  /** JSON object: source id to a base URL that replaces the catalogue's. Empty on AWS. */
  sourceUrls: 'SOURCE_URLS',
  /**
   * Requests of a minute and a day that sources get, in place of their definitions' quotas: `yahoo=200/300000,coingecko=5/3000`.
   * None unless it is set.
   */
  sourceQuotas: 'QUOTRON_SOURCE_QUOTAS',
  /**
   * Ids of the sources, separated by commas, whose data are made up: they are collected from the local simulator, or some
   * were. Empty on AWS.
   */
  simulatedSources: 'QUOTRON_SIMULATED_SOURCES',
  /** For `maintain`: for how many days the proxy's record keeps what Yahoo answered. */
  proxyAnswerDays: 'QUOTRON_PROXY_ANSWER_DAYS',
  /** For `maintain`: for how many days runs are kept, 45 or more. */
  runDays: 'QUOTRON_RUN_DAYS',
  /** For `maintain`: for how many days records of what happened are kept, 45 or more. */
  recordDays: 'QUOTRON_RECORD_DAYS',
  /** For `maintain`: how many months of quotes stay in the database, 2 or more, the running one among them. */
  hotMonths: 'QUOTRON_HOT_MONTHS',
  /** How many symbols the watch list may have; 1,000 unless it is set. */
  watchLimit: 'QUOTRON_WATCH_LIMIT',
  /** Rules of prices, separated by commas, whose proposals are accepted without a person. None unless it is set. */
  acceptFindings: 'QUOTRON_ACCEPT_FINDINGS',
  /** Origins, separated by commas, whose pages may read answers of the API. None unless it is set. */
  corsOrigins: 'QUOTRON_CORS_ORIGINS',
  /** `on` where everybody may see how the sources do. */
  publicStatus: 'QUOTRON_PUBLIC_STATUS',
  /** For `stream-events`, and for the API to show: how many clients may hold a stream of events at the same time. */
  eventStreams: 'QUOTRON_EVENT_STREAMS',
  /** `ignored` where the calendars of exchanges do not apply, as in the simulated market, which never closes. */
  sessions: 'QUOTRON_SESSIONS',
  /**
   * Time limit of one request or page of a source in milliseconds, instead of the default. It keeps tests of hanging
   * sources short.
   */
  upstreamTimeoutMs: 'QUOTRON_UPSTREAM_TIMEOUT_MS',
  /** Path of a Chrome or Chromium, instead of a discovered one. */
  chromium: 'QUOTRON_CHROMIUM',
  /** Folder into which the packaged Chromium is unpacked, in place of the temporary one. Local functions share it. */
  chromiumFolder: 'QUOTRON_CHROMIUM_FOLDER',
  /** Folder of the packed Chromium, in place of the one in the function's own bundle. Local functions share it. */
  chromiumPack: 'QUOTRON_CHROMIUM_PACK',
  /** A full connection string; takes precedence over the `DB_` settings. */
  databaseUrl: 'DATABASE_URL',
  dbHost: 'DB_HOST',
  dbPort: 'DB_PORT',
  dbName: 'DB_NAME',
  dbUser: 'DB_USER',
  /** Folder with the root certificate of RDS in each region, `<region>.pem`. */
  dbRoots: 'DB_ROOTS',
} as const;
