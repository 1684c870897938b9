import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import * as z from 'zod';
import { CommandError, usageError } from '../problems.ts';
import type { AwsPlace } from './signed-json.ts';

/** An account and region of AWS, and who is signed in there. */
export interface AwsAccess extends AwsPlace {
  readonly account: string;
  readonly arn: string;
}

/** The credentials as the SDK's clients take them: read again when they expire. */
export type Credentials = STSClient['config']['credentials'];

/** What every client of a command gets. */
export interface ClientSettings {
  readonly region: string;
  readonly credentials: Credentials;
}

const identitySchema = z.object({ Account: z.string().regex(/^\d{12}$/), Arn: z.string() });

/**
 * Finds the AWS credentials and region as every tool of AWS does (variables, profile, single sign-on), and asks AWS whose
 * they are. `region` goes before those of the environment. Throws `CommandError` with what to do.
 */
export async function awsAccess(
  region: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<{ access: AwsAccess; clients: ClientSettings }> {
  const client = new STSClient({ ...(region === undefined ? {} : { region }), maxAttempts: 2 });
  try {
    const found = await client.config.region().catch(() => undefined);
    if (found === undefined)
      throw usageError(
        'No AWS region is set. Name one with --region, such as --region eu-central-1, or set AWS_REGION.',
      );
    const credentials = await client.config.credentials();
    const { Account: account, Arn: arn } = identitySchema.parse(await client.send(new GetCallerIdentityCommand({})));
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    return {
      access: {
        ...{ account, arn, region: found, endpoint: env['AWS_ENDPOINT_URL'] || undefined },
        credentials: { accessKeyId, secretAccessKey, sessionToken },
      },
      clients: { region: found, credentials: client.config.credentials },
    };
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(whatToDo(nameOf(error), env));
  } finally {
    client.destroy();
  }
}

/** The name of an error, which is AWS's code where AWS has answered. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'Unknown';
}

/** By the error's name, never by its text. */
function whatToDo(name: string, env: NodeJS.ProcessEnv): string {
  const profile = env['AWS_PROFILE'];
  const signIn = profile ? `\`aws sso login --profile ${profile}\`` : '`aws sso login`';
  switch (name) {
    case 'CredentialsProviderError':
    case 'TokenProviderError':
      return profile
        ? `The AWS profile ${profile} gives no credentials: it is unknown, or its sign-in has expired. Sign in again (${signIn}), or correct AWS_PROFILE.`
        : `There are no AWS credentials. Set AWS_PROFILE to a profile of ~/.aws/config, sign in (${signIn}), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`;
    case 'ExpiredToken':
    case 'ExpiredTokenException':
      return `The AWS credentials have expired. Sign in again (${signIn}).`;
    case 'InvalidClientTokenId':
    case 'UnrecognizedClientException':
    case 'SignatureDoesNotMatch':
    case 'IncompleteSignature':
    case 'InvalidSignatureException':
      return `AWS does not accept these credentials (${name}): the access key is unknown there, disabled, or its secret is mistyped. AWS_ACCESS_KEY_ID of the environment goes before a profile.`;
    case 'AccessDenied':
    case 'AccessDeniedException':
      return 'AWS accepts these credentials and refuses to say whose they are: they need sts:GetCallerIdentity.';
    default:
      return `AWS could not be asked whose these credentials are (${name}). Is there a connection to the internet, and is the region right?`;
  }
}
