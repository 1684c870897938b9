import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type Installation, localInstallation, namedPrefix } from '../contracts/installation.ts';
import { parseJson } from '../contracts/parse-json.ts';
import { settingNames } from '../contracts/settings.ts';
import { type PriceRule, priceRulesIn } from '../contracts/words/price-findings.ts';
import { originsIn } from '../http/cors.ts';

/** Where the database is: a connection string, or a host that takes an IAM token instead of a password. */
export type DatabaseSettings =
  | { readonly url: string }
  | {
      readonly host: string;
      readonly port: number;
      readonly database: string;
      readonly user: string;
      readonly region: string;
      /** Certificates (PEM) of the authorities that sign the server's own: no other's is accepted. */
      readonly roots: string;
    };

/**
 * A required setting. Throws with the name at the start of the container, so that a wiring fault shows in the first
 * line of the log and not as an empty answer.
 */
export function setting(name: keyof typeof settingNames): string {
  const value = process.env[settingNames[name]];
  if (!value)
    throw new SettingError(settingNames[name], 'is not set: the construct that makes this function must bind it');
  return value;
}

/** An optional setting. */
export function optionalSetting(name: keyof typeof settingNames): string | undefined {
  return process.env[settingNames[name]] || undefined;
}

/** Which installation this process is of; a laptop's where no stage is set. */
export function ownInstallation(): Installation {
  return { prefix: namedPrefix(process.env), stage: optionalSetting('stage') ?? localInstallation.stage };
}

/** A setting that is a whole number above 0, or `undefined` when absent. Throws for any other text. */
export function numberSetting(name: keyof typeof settingNames): number | undefined {
  const text = optionalSetting(name);
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new SettingError(settingNames[name], 'is not a whole number above 0');
  return Number(text);
}

/** A setting that is a JSON object of texts, `{}` when absent. */
export function mapSetting(name: keyof typeof settingNames): Record<string, string> {
  const text = optionalSetting(name);
  if (!text) return {};
  const parsed = z.record(z.string(), z.string()).safeParse(parseJson(text));
  if (!parsed.success) throw new SettingError(settingNames[name], 'is not a JSON object of strings');
  return parsed.data;
}

/** Ids of the sources whose data are made up: none on AWS. */
export function simulatedSourcesSetting(): readonly string[] {
  return (optionalSetting('simulatedSources') ?? '').split(',').filter((id) => id !== '');
}

/** Hosts that alerts may be sent to although their addresses are private: none on AWS. */
export function alertHostsSetting(): readonly string[] {
  return (optionalSetting('alertHosts') ?? '').split(',').flatMap((host) => host.trim() || []);
}

/** The rules whose proposals are accepted without a person: none by default. Throws for a rule that there is not. */
export function acceptedRulesSetting(): readonly PriceRule[] {
  const { rules, wrong } = priceRulesIn(optionalSetting('acceptFindings') ?? '');
  if (wrong !== null)
    throw new SettingError(settingNames.acceptFindings, `names ${JSON.stringify(wrong)}, which is not a rule`);
  return rules;
}

/** The origins whose pages may read answers: none by default. Throws for what is no origin, so that it is not simply without effect. */
export function corsOriginsSetting(): readonly string[] {
  const { origins, wrong } = originsIn(optionalSetting('corsOrigins') ?? '');
  if (wrong !== null)
    throw new SettingError(settingNames.corsOrigins, `names ${JSON.stringify(wrong)}, which is not an origin`);
  return origins;
}

/** Whether the calendars of exchanges are ignored: the simulated market never closes. */
export function alwaysOpenSetting(): boolean {
  return optionalSetting('sessions') === 'ignored';
}

/** Where the database is: `DATABASE_URL`, or `DB_HOST` and the other `DB_` settings with an IAM token. */
export function databaseSettings(): DatabaseSettings {
  const url = optionalSetting('databaseUrl');
  if (url) return { url };
  const region = process.env['AWS_REGION'] ?? 'us-east-1';
  return {
    host: setting('dbHost'),
    port: Number(optionalSetting('dbPort') ?? 5432),
    database: setting('dbName'),
    user: setting('dbUser'),
    region,
    roots: rdsRoots(setting('dbRoots'), region),
  };
}

/** Amazon's certificates as Lambda has them: of every region, 230 kB that each container would read. */
const rootsOfLambda = '/var/runtime/ca-cert.pem';

/** The root certificates of RDS in a region. One that is newer than this release is looked for in Lambda's own file. */
function rdsRoots(folder: string, region: string): string {
  for (const file of [join(folder, `${region}.pem`), rootsOfLambda])
    if (existsSync(file)) return readFileSync(file, 'utf8');
  throw new SettingError(settingNames.dbRoots, `names ${folder}, which has no root certificate of RDS in ${region}`);
}

/** A setting that is missing or malformed. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
  constructor(setting: string, what: string) {
    super(`Setting ${setting} ${what}.`);
  }
}
