import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { settingNames } from '../core/contracts/settings.ts';
import { priceRules, priceRulesIn } from '../core/contracts/words/price-findings.ts';
import { originsIn } from '../core/http/cors.ts';
import { editDistance } from '../core/market/edit-distance.ts';
import { canonicalSymbol } from '../core/market/symbol.ts';
import { catalogue } from '../core/sources/catalogue.ts';
import { readQuota } from '../core/sources/quotas.ts';
import { type DatabaseLogin, loginNames, readLogin } from './database-login.ts';
import { codeOf, LocalCloudError, messageOf } from './problem.ts';
import { mostListings } from './upstreams/yahoo/listings.ts';
import { readYahooProxy, yahooProxyVariable } from './yahoo-through-proxy.ts';

const portSchema = z.coerce.number().int().min(1).max(65_535);
const clockSchema = z.iso.datetime({ offset: true });

/** Settings of a local cloud from the environment. All are optional. */
export interface LocalSettings {
  /** `AWS_ENDPOINT_URL`: a running emulator. */
  readonly emulatorUrl: string | undefined;
  /** `DB_HOST` and the like: a PostgreSQL that exists; without it, one is started. */
  readonly database: DatabaseLogin | undefined;
  /** `QUOTRON_CORS_ORIGINS`: origins whose pages may read the API, separated by commas. */
  readonly corsOrigins: string | undefined;
  /** `QUOTRON_SYMBOLS`: canonical symbols that the watch list begins with. */
  readonly symbols: readonly string[] | undefined;
  /** `QUOTRON_WATCH_LIMIT`: how many symbols the watch list may have. */
  readonly watchLimit: string | undefined;
  /** `QUOTRON_SIM_LISTINGS`: how many invented listings the simulated Yahoo has. */
  readonly listings: number;
  /** `QUOTRON_SOURCE_<ID>_URL`: base URLs of sources, by source id. */
  readonly sourceUrls: Readonly<Record<string, string>>;
  /** `QUOTRON_SOURCE_<ID>_QUOTA`: quotas of sources, `yahoo=200/300000`. */
  readonly sourceQuotas: string | undefined;
  /** `YFINANCE_PROXY_URL`: the Yahoo proxy that the Yahoo source asks. It may have a key in it. */
  readonly yahooProxy: string | undefined;
  /** `QUOTRON_SIM_SEED`: seed of the simulated prices. */
  readonly seed: string | undefined;
  /** `QUOTRON_SIM_CLOCK`: the time of the simulated market; without it, it never closes. */
  readonly clock: string | undefined;
  /** Variables that begin like settings and are none, each with the setting that was probably meant. */
  readonly unknown: readonly { readonly name: string; readonly meant: string | null }[];
  /** `QUOTRON_<WHAT>_PORT`: fixed ports. */
  readonly ports: Readonly<Record<PortName, number | undefined>>;
}

export const portNames = ['emulator', 'database', 'upstreams', 'dashboard'] as const;
export type PortName = (typeof portNames)[number];

/** The variable that fixes a port. */
export function portVariable(name: PortName): string {
  return `QUOTRON_${name.toUpperCase()}_PORT`;
}

/** The variable that replaces the base URL of a source: `QUOTRON_SOURCE_ALPHA_VANTAGE_URL`. */
export function sourceVariable(sourceId: string): string {
  return `QUOTRON_SOURCE_${sourceId.toUpperCase().replaceAll('-', '_')}_URL`;
}

/** The variable that sets the quota of a source: `QUOTRON_SOURCE_ALPHA_VANTAGE_QUOTA`. */
function quotaVariable(sourceId: string): string {
  return `QUOTRON_SOURCE_${sourceId.toUpperCase().replaceAll('-', '_')}_QUOTA`;
}

/**
 * The quotas that the environment sets, as functions get them: `yahoo=200/300000`. Throws for one that is none, with its
 * name.
 */
export function sourceQuotasIn(env: NodeJS.ProcessEnv): string | undefined {
  const quotas = catalogue.flatMap((source) => {
    const value = env[quotaVariable(source.id)]?.trim();
    if (!value) return [];
    const quota = readQuota(value, source);
    if ('wrong' in quota)
      throw new LocalCloudError(`${quotaVariable(source.id)} ${quota.wrong}. Correct it or unset it.`);
    return [`${source.id}=${quota.perMinute}/${quota.perDay}`];
  });
  return quotas.length === 0 ? undefined : quotas.join(',');
}

/** A list that is too long for a variable, which holds some 13,000 symbols. */
function symbolsFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new LocalCloudError(
      `QUOTRON_SYMBOLS is @${path}, and that file cannot be read (${codeOf(error) ?? messageOf(error)}). Correct the path, or name symbols.`,
    );
  }
}

/** The canonical symbols of a list with commas, or of the file that `@` names, with one on each line. What is no symbol is an error: it would show only as a price that is missing. */
function symbolsOf(text: string | undefined): string[] | undefined {
  const written = (text?.startsWith('@') ? symbolsFile(text.slice(1)) : (text ?? ''))
    .split(/[,\n]/)
    .flatMap((each) => each.trim() || []);
  if (written.length === 0) return undefined;
  const symbols = written.map((each) => {
    const symbol = canonicalSymbol(each);
    if (symbol) return symbol;
    throw new LocalCloudError(
      `QUOTRON_SYMBOLS names ${JSON.stringify(each)}, which cannot be a symbol. Write them as AAPL,BRK-B,VOD.L,BTC-USD,^GSPC.`,
    );
  });
  return [...new Set(symbols)];
}

/** Settings of the commands and of the scripts, which the local cloud passes on or leaves as they are. */
const otherNames = [
  'QUOTRON_STATE_DIR',
  'QUOTRON_ALARM_EMAIL',
  'QUOTRON_BUDGET_USD',
  'QUOTRON_STAGES_FILE',
  'QUOTRON_ACCOUNT_CONCURRENCY',
  'QUOTRON_DATABASE_SIZE',
  'QUOTRON_DATABASE_MULTI_AZ',
  'QUOTRON_DOMAIN',
  'QUOTRON_CERTIFICATE_ARN',
  'QUOTRON_WAF',
  'QUOTRON_WEB_ACL_ARN',
  'QUOTRON_CLOUDWATCH_DASHBOARD',
  'QUOTRON_EVENTS',
  'QUOTRON_URL',
  'QUOTRON_API_KEY',
  'QUOTRON_PROXY_KEY',
  'QUOTRON_SIM_SEED',
  'QUOTRON_SIM_CLOCK',
  'QUOTRON_SIM_LISTINGS',
  'QUOTRON_SYMBOLS',
  'QUOTRON_WATCH_LIMIT',
  'QUOTRON_DATABASE_URL',
  'QUOTRON_KAFKA',
  'QUOTRON_DATABASE_URLS',
  'QUOTRON_SOURCE_URLS',
  'QUOTRON_FOLDER',
  'QUOTRON_TEST_RUN',
  'QUOTRON_SEED',
  'QUOTRON_TEST_POSTGRES',
];

/** Every variable that begins with `QUOTRON_` and means something. */
export function knownNames(): ReadonlySet<string> {
  const ofSources = catalogue.flatMap(({ id }) => [sourceVariable(id), quotaVariable(id)]);
  return new Set([
    ...otherNames,
    ...sharedNames,
    ...Object.values(settingNames),
    ...portNames.map(portVariable),
    ...ofSources,
  ]);
}

/** Settings of the local cloud with names of their own, which other programs have as well. */
const sharedNames = [...loginNames, yahooProxyVariable];

/** What other programs call the settings of a database. */
const otherWords: ReadonlyMap<string, string> = new Map([
  ...['DB_DATABASE', 'DB_DB', 'DB_DBNAME'].map((name): [string, string] => [name, 'DB_NAME']),
  ...['DB_USERNAME', 'DB_LOGIN'].map((name): [string, string] => [name, 'DB_USER']),
  ...['DB_PASS', 'DB_PASSWD', 'DB_PWD', 'DB_PW'].map((name): [string, string] => [name, 'DB_PASSWORD']),
  ...['DB_SSL', 'DB_SSL_MODE'].map((name): [string, string] => [name, 'DB_SSLMODE']),
  ...['DB_HOSTNAME', 'DB_SERVER'].map((name): [string, string] => [name, 'DB_HOST']),
]);

/** What begins like a setting and is none: a mistyped one would be without effect, and nobody would know. */
export function unknownIn(env: NodeJS.ProcessEnv): LocalSettings['unknown'] {
  const own = [...knownNames()].filter((name) => name.startsWith('QUOTRON_'));
  const known = new Set([...own, ...sharedNames, ...Object.values(settingNames)]);
  const usesDatabase = loginNames.some((name) => env[name]);
  return Object.keys(env)
    .filter((name) => !known.has(name))
    .toSorted()
    .flatMap((name) => {
      const written = name.toUpperCase();
      const meantByOthers = otherWords.get(written);
      if (meantByOthers !== undefined) return usesDatabase ? [{ name, meant: meantByOthers }] : [];
      const [near] = [...own, ...sharedNames]
        .map((each) => ({ each, distance: editDistance(each, written) }))
        .toSorted((a, b) => a.distance - b.distance);
      if (written.startsWith('YFINANCE_PROXY')) return [{ name, meant: yahooProxyVariable }];
      const ours = written.startsWith('QUOTRON_');
      const meant = near && near.distance <= (ours ? 3 : 2) ? near.each : null;
      // A name of another program that is nearly one of ours is none that anybody would choose.
      return ours || meant !== null ? [{ name, meant }] : [];
    });
}

/**
 * Refuses what the deployment passes on as it stands: the stage would say it minutes later with a stack, or a function at
 * each of its calls.
 */
function checkPassedOn(env: NodeJS.ProcessEnv): void {
  const given = (name: string) => env[name] || undefined;
  const refuse = (name: string, should: string) => {
    throw new LocalCloudError(`${name} is "${given(name)}", ${should}, or unset it.`);
  };
  const publicStatus = given('QUOTRON_PUBLIC_STATUS');
  if (publicStatus !== undefined && publicStatus !== 'on' && publicStatus !== 'off')
    refuse('QUOTRON_PUBLIC_STATUS', 'which is neither on nor off. Correct it');
  if (priceRulesIn(given('QUOTRON_ACCEPT_FINDINGS') ?? '').wrong !== null)
    refuse('QUOTRON_ACCEPT_FINDINGS', `which names what is no rule. There is ${priceRules.join(', ')}: correct it`);
  const from = given('QUOTRON_ALERTS_FROM');
  if (from !== undefined && !z.email().safeParse(from).success)
    refuse('QUOTRON_ALERTS_FROM', 'which is not an e-mail address. Correct it');
  // Without its value: a login may stand in it.
  const smtp = given('QUOTRON_ALERTS_SMTP');
  if (smtp !== undefined && !/^smtps?:$/.test(URL.parse(smtp)?.protocol ?? ''))
    throw new LocalCloudError(
      'QUOTRON_ALERTS_SMTP is not the address of a mail server. Use one such as smtp://localhost:1025, or unset it.',
    );
}

/** Reads the environment. Throws with the name of an invalid variable. */
export function readSettings(env: NodeJS.ProcessEnv): LocalSettings {
  const given = (name: string) => env[name]?.trim() || undefined;
  const url = (name: string) => {
    const value = given(name);
    if (value === undefined) return undefined;
    if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value.replace(/\/+$/, '');
    throw new LocalCloudError(`${name} is "${value}", which is not an http or https URL. Correct it or unset it.`);
  };
  const port = (name: PortName) => {
    const value = given(portVariable(name));
    if (value === undefined) return undefined;
    const parsed = portSchema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new LocalCloudError(`${portVariable(name)} is "${value}", which is not a port. Use 1 to 65535, or unset it.`);
  };
  const number = (name: string, most: number) => {
    const value = given(name);
    if (value === undefined) return undefined;
    if (/^[1-9]\d{0,5}$/.test(value) && Number(value) <= most) return Number(value);
    throw new LocalCloudError(
      `${name} is "${value}", which is not a whole number from 1 to ${most}. Correct it or unset it.`,
    );
  };
  const clock = given('QUOTRON_SIM_CLOCK');
  if (clock !== undefined && !clockSchema.safeParse(clock).success) {
    throw new LocalCloudError(
      `QUOTRON_SIM_CLOCK is "${clock}", which is not an instant. Use one such as 2026-11-20T15:30:00Z, or unset it.`,
    );
  }
  const corsOrigins = given('QUOTRON_CORS_ORIGINS');
  const { wrong } = originsIn(corsOrigins ?? '');
  if (wrong !== null) {
    throw new LocalCloudError(
      `QUOTRON_CORS_ORIGINS names "${wrong}", which is not an origin. Write scheme, host and port as a browser sends them, such as http://localhost:5173, or unset it.`,
    );
  }
  checkPassedOn(env);
  const sourceUrls: Record<string, string> = {};
  for (const { id } of catalogue) {
    const value = url(sourceVariable(id));
    if (value !== undefined) sourceUrls[id] = value;
  }
  return {
    emulatorUrl: url('AWS_ENDPOINT_URL'),
    database: readLogin(env),
    corsOrigins,
    symbols: symbolsOf(given('QUOTRON_SYMBOLS')),
    watchLimit: number('QUOTRON_WATCH_LIMIT', 999_999)?.toString(),
    listings: number('QUOTRON_SIM_LISTINGS', mostListings) ?? 0,
    sourceUrls,
    sourceQuotas: sourceQuotasIn(env),
    yahooProxy: readYahooProxy(env),
    seed: given('QUOTRON_SIM_SEED'),
    clock,
    unknown: unknownIn(env),
    ports: {
      emulator: port('emulator'),
      database: port('database'),
      upstreams: port('upstreams'),
      dashboard: port('dashboard'),
    },
  };
}
