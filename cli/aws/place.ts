import { readStageFile, StageFileError, stageFile, writeStagePlace } from '../../bin/stage-file.ts';
import { prefixOf, StageError, stageSettings } from '../../bin/stages.ts';
import type { CloudStage, StagePlace } from '../../core/contracts/stage-file.ts';
import type { CloudSettings } from '../../lib/stage-settings.ts';
import { CommandError, usageError } from '../problems.ts';
import { type AwsAccess, awsAccess, type ClientSettings } from './access.ts';

/** What people give to say where. */
export interface Wanted {
  readonly stage: CloudStage;
  /** Of its names, where it is not that of the environment. */
  readonly prefix?: string;
  readonly account?: string;
  readonly region?: string;
}

export interface Place {
  readonly prefix: string;
  readonly stage: CloudStage;
  readonly access: AwsAccess;
  readonly clients: ClientSettings;
  /** The environment, with the prefix. */
  readonly env: NodeJS.ProcessEnv;
  readonly file: string;
  /** What the file of the stages says; `undefined` for a stage that is deployed for the first time. */
  readonly pinned: StagePlace | undefined;
}

/**
 * The account and region of a stage, signed in to. Throws where the credentials, the options and the file of the stages do
 * not agree: then nothing has been asked of the other account but whose it is.
 */
export async function placeOf(wanted: Wanted, given: NodeJS.ProcessEnv): Promise<Place> {
  const { stage } = wanted;
  const env = wanted.prefix === undefined ? given : { ...given, QUOTRON_PREFIX: wanted.prefix };
  const [prefix, file] = carefully(() => [prefixOf(env), stageFile(env)] as const);
  const pinned = carefully(() => readStageFile(file))[stage];
  for (const what of ['account', 'region'] as const) {
    const [asked, held] = [wanted[what], pinned?.[what]];
    if (asked !== undefined && held !== undefined && asked !== held)
      throw usageError(
        `The stage ${stage} is in ${what} ${held} (${file}), not in ${asked}. To move it, destroy it there first, or take it out of that file.`,
      );
  }
  const { access, clients } = await awsAccess(pinned?.region ?? wanted.region, env);
  const account = pinned?.account ?? wanted.account;
  if (account !== undefined && account !== access.account)
    throw new CommandError(
      `These AWS credentials are of account ${access.account} (${access.arn}), and the stage ${stage} belongs into ${account}. Set AWS_PROFILE to a profile of that account.`,
    );
  return { prefix, stage, access, clients, env, file, pinned };
}

/** The settings that the stage is deployed with, or what is missing. */
export function settingsOf({ stage, env }: Pick<Place, 'stage' | 'env'>, place: StagePlace): CloudSettings {
  const settings = carefully(() => stageSettings(stage, env, { [stage]: place }));
  if (settings.stage === 'local') throw new Error('The stage local is deployed by `npm start` only.');
  return settings;
}

/** Writes down where the stage is from now on; without a place, that it is nowhere. */
export function pin({ file, stage }: Pick<Place, 'file' | 'stage'>, place: StagePlace | undefined): void {
  writeStagePlace(file, stage, place);
}

/** What a person can put right is said without a trace of calls. */
function carefully<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof StageError || error instanceof StageFileError) throw new CommandError(error.message);
    throw error;
  }
}
