import { resolve } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as z from 'zod';
import { mostStreams, usualStreams } from '../core/contracts/events/following.ts';
import { namedPrefix, prefixSchema, usualPrefix } from '../core/contracts/installation.ts';
import { type DatabaseUrls, databaseUrlsSchema } from '../core/contracts/migrate.ts';
import { type StageFile, stageFileName } from '../core/contracts/stage-file.ts';
import {
  type CloudSettings,
  databaseSizeNames,
  type LocalSettings,
  mostConnections,
  type StageSettings,
} from '../lib/stage-settings.ts';

const webFolder = resolve(import.meta.dirname, '../web/dist');

const dev: CloudSettings = {
  prefix: usualPrefix,
  stage: 'dev',
  proxyAnswerDays: 90,
  runDays: 90,
  recordDays: 400,
  hotMonths: 2,
  logRetention: RetentionDays.TWO_WEEKS,
  concurrency: { scrape: 2, together: true, ingest: 2, outcomes: 2, ticks: 2 },
  throttle: { rate: 20, burst: 40 },
  database: {
    size: 't4g.micro',
    multiAz: false,
    maxConnections: 86,
    apiConnections: 15,
    stateConnections: 15,
    backups: Duration.days(1),
    storageGb: 20,
    maxStorageGb: 50,
    keep: false,
    snapshot: undefined,
  },
  endpointZones: 1,
  events: 'sns',
  eventStreams: 0,
  acceptFindings: undefined,
  alertsFrom: undefined,
  corsOrigins: undefined,
  publicStatus: false,
  sourceQuotas: undefined,
  watchLimit: undefined,
  summaryModel: undefined,
  alarmEmail: undefined,
  domain: undefined,
  webAclArn: undefined,
  waf: false,
  dashboard: false,
  traces: 'requests',
  accountConcurrency: 1_000,
  budgetUsd: 50,
  webFolder,
};

const prod: CloudSettings = {
  prefix: usualPrefix,
  stage: 'prod',
  proxyAnswerDays: 400,
  runDays: 90,
  recordDays: 400,
  hotMonths: 2,
  logRetention: RetentionDays.THREE_MONTHS,
  concurrency: { scrape: 4, together: false, ingest: 8, outcomes: 4, ticks: 2 },
  throttle: { rate: 100, burst: 200 },
  database: {
    size: 't4g.small',
    multiAz: false,
    maxConnections: 170,
    apiConnections: 40,
    stateConnections: 40,
    backups: Duration.days(14),
    storageGb: 20,
    maxStorageGb: 500,
    keep: true,
    snapshot: undefined,
  },
  endpointZones: 2,
  events: 'sns',
  eventStreams: 0,
  acceptFindings: undefined,
  alertsFrom: undefined,
  corsOrigins: undefined,
  publicStatus: false,
  sourceQuotas: undefined,
  watchLimit: undefined,
  summaryModel: undefined,
  alarmEmail: undefined,
  domain: undefined,
  webAclArn: undefined,
  waf: false,
  dashboard: false,
  traces: 'all',
  accountConcurrency: 1_000,
  budgetUsd: 80,
  webFolder,
};

/** What all names begin with: `QUOTRON_PREFIX`, for a second copy of a stage in one account and region. */
export function prefixOf(env: Readonly<Record<string, string | undefined>>): string {
  const given = namedPrefix(env);
  if (prefixSchema.safeParse(given).success) return given;
  throw new StageError(
    `QUOTRON_PREFIX is "${given}": a prefix is 2 to 12 small letters and digits, and begins with a letter. Correct it or unset it.`,
  );
}

/** What the relay inside and the poller of Kafka may open needs a larger instance in `dev`. */
const kafkaDatabase = { dev: { size: 't4g.small', maxConnections: 100 }, prod: {} } as const;

/** A stage on AWS, with what only its owner knows. */
function cloud(settings: CloudSettings, env: Readonly<Record<string, string | undefined>>): CloudSettings {
  const alarmEmail = env['QUOTRON_ALARM_EMAIL'] || settings.alarmEmail;
  const budget = env['QUOTRON_BUDGET_USD'];
  const accountConcurrency = env['QUOTRON_ACCOUNT_CONCURRENCY'];
  if (accountConcurrency && !/^[1-9]\d{0,6}$/.test(accountConcurrency))
    throw new StageError(
      `QUOTRON_ACCOUNT_CONCURRENCY is "${accountConcurrency}", which is not a whole number above 0. Correct it or unset it.`,
    );
  if (alarmEmail !== undefined && !z.email().safeParse(alarmEmail).success)
    throw new StageError('QUOTRON_ALARM_EMAIL is not an e-mail address. Correct it or unset it.');
  if (settings.stage === 'prod' && alarmEmail === undefined)
    throw new StageError(
      'QUOTRON_ALARM_EMAIL is not set, so the alarms of prod would reach nobody. Set it to the address of whoever operates it.',
    );
  if (budget && !/^[1-9]\d{0,6}$/.test(budget))
    throw new StageError(
      `QUOTRON_BUDGET_USD is "${budget}", which is not a whole number above 0. Correct it or unset it.`,
    );
  const events = eventTransport(env['QUOTRON_EVENTS']) ?? settings.events;
  const database = { ...settings.database, ...(events === 'kafka' && kafkaDatabase[settings.stage]) };
  return {
    ...settings,
    prefix: prefixOf(env),
    sourceQuotas: env['QUOTRON_SOURCE_QUOTAS'] || settings.sourceQuotas,
    alertsFrom: alertsFrom(env) ?? settings.alertsFrom,
    ...ownEdge(env),
    database: { ...database, ...ownDatabase(database.maxConnections, env) },
    alarmEmail,
    events,
    eventStreams: eventStreams(env['QUOTRON_EVENT_STREAMS']) ?? settings.eventStreams,
    dashboard: onOrOff('QUOTRON_CLOUDWATCH_DASHBOARD', env['QUOTRON_CLOUDWATCH_DASHBOARD']) ?? settings.dashboard,
    publicStatus: onOrOff('QUOTRON_PUBLIC_STATUS', env['QUOTRON_PUBLIC_STATUS']) ?? settings.publicStatus,
    waf: onOrOff('QUOTRON_WAF', env['QUOTRON_WAF']) ?? settings.waf,
    accountConcurrency: accountConcurrency ? Number(accountConcurrency) : settings.accountConcurrency,
    budgetUsd: budget ? Number(budget) : settings.budgetUsd,
  };
}

/** ARN of something that CloudFront uses: these are in us-east-1, wherever the stage is. */
const edgeArn = {
  certificate: /^arn:aws:acm:us-east-1:\d{12}:certificate\/[\w-]+$/,
  webAcl: /^arn:aws:wafv2:us-east-1:\d{12}:global\/webacl\/[\w-]+\/[\w-]+$/,
};

/** Domain, certificate and web ACL that the owner gives. */
function ownEdge(env: Readonly<Record<string, string | undefined>>): Pick<CloudSettings, 'domain' | 'webAclArn'> {
  const name = env['QUOTRON_DOMAIN'] || undefined;
  const certificateArn = env['QUOTRON_CERTIFICATE_ARN'] || undefined;
  const webAclArn = env['QUOTRON_WEB_ACL_ARN'] || undefined;
  if ((name === undefined) !== (certificateArn === undefined))
    throw new StageError('QUOTRON_DOMAIN and QUOTRON_CERTIFICATE_ARN go together. Set both or neither.');
  if (name !== undefined && !/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/.test(name))
    throw new StageError(`QUOTRON_DOMAIN is "${name}", which is not a domain name such as prices.example.com.`);
  if (certificateArn !== undefined && !edgeArn.certificate.test(certificateArn))
    throw new StageError(
      'QUOTRON_CERTIFICATE_ARN is not the ARN of a certificate in us-east-1, where CloudFront looks.',
    );
  if (webAclArn !== undefined && !edgeArn.webAcl.test(webAclArn))
    throw new StageError('QUOTRON_WEB_ACL_ARN is not the ARN of a web ACL of scope CLOUDFRONT in us-east-1.');
  return {
    domain: name !== undefined && certificateArn !== undefined ? { name, certificateArn } : undefined,
    webAclArn,
  };
}

/** Instance and zones of the database that the owner gives in place of the stage's. */
function ownDatabase(
  maxConnections: number,
  env: Readonly<Record<string, string | undefined>>,
): Partial<Pick<CloudSettings['database'], 'size' | 'multiAz'>> {
  const given = env['QUOTRON_DATABASE_SIZE'] || undefined;
  const multiAz = env['QUOTRON_DATABASE_MULTI_AZ'] || undefined;
  if (multiAz !== undefined && multiAz !== 'yes' && multiAz !== 'no')
    throw new StageError(`QUOTRON_DATABASE_MULTI_AZ is "${multiAz}". Set it to yes or no, or unset it.`);
  const size = databaseSizeNames.find((each) => each === given);
  if (given !== undefined && size === undefined)
    throw new StageError(`QUOTRON_DATABASE_SIZE is "${given}". There is ${databaseSizeNames.join(', ')}.`);
  if (size !== undefined && maxConnections > mostConnections(size))
    throw new StageError(
      `QUOTRON_DATABASE_SIZE is ${size}, which has memory for ${mostConnections(size)} connections, and the stage has up to ${maxConnections}. Choose a larger one.`,
    );
  return { ...(size && { size }), ...(multiAz && { multiAz: multiAz === 'yes' }) };
}

/** `QUOTRON_EVENTS`: where events of a stage on AWS go. */
function eventTransport(value: string | undefined): CloudSettings['events'] | undefined {
  if (!value) return undefined;
  if (value === 'sns' || value === 'kafka') return value;
  throw new StageError(`QUOTRON_EVENTS is "${value}". Set it to sns or kafka, or unset it.`);
}

/** `QUOTRON_EVENT_STREAMS`: how many clients may hold a stream of events; `on` for the usual number. */
function eventStreams(value: string | undefined): number | undefined {
  if (!value) return undefined;
  if (value === 'on' || value === 'off') return value === 'on' ? usualStreams : 0;
  if (/^[1-9]\d?$/.test(value) && Number(value) <= mostStreams) return Number(value);
  throw new StageError(
    `QUOTRON_EVENT_STREAMS is "${value}". Set it to on, off or a number up to ${mostStreams}, or unset it.`,
  );
}

function onOrOff(name: string, value: string | undefined): boolean | undefined {
  if (!value) return undefined;
  if (value === 'on' || value === 'off') return value === 'on';
  throw new StageError(`${name} is "${value}". Set it to on or off, or unset it.`);
}

/** The local stage reads the database, sources and browser from the environment, which the deploy script sets. */
function local(env: Readonly<Record<string, string | undefined>>): LocalSettings {
  return {
    prefix: usualPrefix,
    stage: 'local',
    proxyAnswerDays: 400,
    runDays: 90,
    recordDays: 400,
    hotMonths: 2,
    logRetention: RetentionDays.ONE_WEEK,
    concurrency: { scrape: 2, together: false, ingest: 2, outcomes: 2, ticks: 2 },
    throttle: { rate: 1000, burst: 1000 },
    databaseUrls: databaseUrls(env),
    sourceUrls: env['QUOTRON_SOURCE_URLS'] || undefined,
    simulatedSources: env['QUOTRON_SIMULATED_SOURCES'] || undefined,
    sourceQuotas: env['QUOTRON_SOURCE_QUOTAS'] || undefined,
    watchLimit: watchLimit(env),
    acceptFindings: env['QUOTRON_ACCEPT_FINDINGS'] || undefined,
    alertsFrom: alertsFrom(env),
    alertsSmtp: env['QUOTRON_ALERTS_SMTP'] || undefined,
    alertHosts: env['QUOTRON_ALERT_HOSTS'] || undefined,
    corsOrigins: env['QUOTRON_CORS_ORIGINS'] || undefined,
    kafka: kafkaSettings(env['QUOTRON_KAFKA']),
    publicStatus: onOrOff('QUOTRON_PUBLIC_STATUS', env['QUOTRON_PUBLIC_STATUS']) ?? false,
    chromium: env['QUOTRON_CHROMIUM'] || undefined,
    chromiumPack: env['QUOTRON_CHROMIUM_PACK'] || undefined,
  };
}

/** `QUOTRON_ALERTS_FROM`: an e-mail address. */
function alertsFrom(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const address = env['QUOTRON_ALERTS_FROM'] || undefined;
  if (address === undefined || z.email().safeParse(address).success) return address;
  throw new StageError('QUOTRON_ALERTS_FROM is not an e-mail address. Correct it or unset it.');
}

/** `QUOTRON_KAFKA`: the settings `KAFKA_…` as a JSON object, where events go to Kafka. */
function kafkaSettings(text: string | undefined): Record<string, string> | undefined {
  return text ? z.record(z.string().startsWith('KAFKA_'), z.string()).parse(JSON.parse(text)) : undefined;
}

/** `QUOTRON_WATCH_LIMIT`: a whole number above 0. */
function watchLimit(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const text = env['QUOTRON_WATCH_LIMIT'];
  if (!text) return undefined;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new StageError(
    `QUOTRON_WATCH_LIMIT is "${text}", which is not a whole number above 0. Correct it or unset it.`,
  );
}

/** `QUOTRON_DATABASE_URLS`, a JSON object with one for each role; or `QUOTRON_DATABASE_URL` for all roles. */
function databaseUrls(env: Readonly<Record<string, string | undefined>>): DatabaseUrls {
  const each = env['QUOTRON_DATABASE_URLS'];
  const one = env['QUOTRON_DATABASE_URL'];
  if (each) return databaseUrlsSchema.parse(JSON.parse(each));
  if (one) return { owner: one, app: one, api: one, state: one };
  throw new StageError(
    'QUOTRON_DATABASE_URL is not set, so the functions of the local stage would have no database. `npm start` sets it; set it yourself to synthesize by hand.',
  );
}

/** The settings of a stage by its name, with what the file of the stages says of it. Throws for an unknown name. */
export function stageSettings(
  stage: string,
  env: Readonly<Record<string, string | undefined>>,
  places: StageFile = {},
): StageSettings {
  if (stage === 'local') return local(env);
  if (stage === 'dev') return restored(cloud(dev, env), places);
  if (stage === 'prod') return restored(cloud(prod, env), places);
  throw new StageError(`There is no stage "${stage}". Use \`-c stage=local\`, \`-c stage=dev\` or \`-c stage=prod\`.`);
}

function restored(settings: CloudSettings, places: StageFile): CloudSettings {
  const { snapshot, storageGb = settings.database.storageGb } = places[settings.stage] ?? {};
  return { ...settings, database: { ...settings.database, snapshot, storageGb } };
}

/**
 * Throws where the credentials that CDK was given are of another account or region than the file of the stages says. Without
 * credentials, as for `cdk synth` alone, nothing is compared.
 */
export function refuseOtherPlace(
  stage: string,
  places: StageFile,
  env: Readonly<Record<string, string | undefined>>,
): void {
  const place = stage === 'dev' || stage === 'prod' ? places[stage] : undefined;
  if (place === undefined) return;
  for (const [what, wanted, given] of [
    ['account', place.account, env['CDK_DEFAULT_ACCOUNT']],
    ['region', place.region, env['CDK_DEFAULT_REGION']],
  ] as const) {
    if (given && given !== wanted)
      throw new StageError(
        `The stage ${stage} is in ${what} ${wanted} (${stageFileName(prefixOf(env))}), and these AWS credentials are for ${given}. Set AWS_PROFILE and AWS_REGION to those of the stage; to move it, take it out of that file.`,
      );
  }
}

/** The stage is unknown, lacks a setting, or is elsewhere. */
export class StageError extends Error {
  override readonly name = 'StageError';
}
