import * as z from 'zod';
import { settingNames } from './settings.ts';

/** Which installation of Quotron: an account and region may hold several, of different stages or prefixes. */
export interface Installation {
  /** What all names begin with. */
  readonly prefix: string;
  /** `local`, `dev` or `prod`. */
  readonly stage: string;
}

export const usualPrefix = 'quotron';
/** That of `npm start`. */
export const localInstallation: Installation = { prefix: usualPrefix, stage: 'local' };

/** One word: with a hyphen, the names of one installation could begin like those of another one. */
export const prefixSchema = z
  .string()
  .regex(/^[a-z][a-z0-9]{1,11}$/, 'a prefix is 2 to 12 small letters and digits, and begins with a letter');

/** The prefix that an environment names, as it is written there. */
export function namedPrefix(env: Readonly<Record<string, string | undefined>>): string {
  return env[settingNames.prefix] || usualPrefix;
}

/** What events say that they are of: `/quotron/prod`. */
export function installationPath({ prefix, stage }: Installation): string {
  return `/${prefix}/${stage}`;
}

/** The name that people see in the console: `quotron-prod-ingest`. */
export function physicalName({ prefix, stage }: Installation, name: string): string {
  return `${prefix}-${stage}-${name}`;
}

/** For people who read mails of it: `Quotron dev`. */
export function titleOf({ prefix, stage }: Installation): string {
  return `${prefix.charAt(0).toUpperCase()}${prefix.slice(1)} ${stage}`;
}

/** What the names of its stacks begin with: `Quotron-prod-`. So do names that CloudFormation makes, such as those of roles. */
export function stackPrefix({ prefix, stage }: Installation): string {
  return `${titleOf({ prefix, stage }).replace(' ', '-')}-`;
}

/** How commands name it: `--stage prod`, with `--prefix` where it is not the usual one. */
export function optionsOf({ prefix, stage }: Installation): string {
  return prefix === usualPrefix ? `--stage ${stage}` : `--stage ${stage} --prefix ${prefix}`;
}
