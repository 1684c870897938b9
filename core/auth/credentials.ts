import * as z from 'zod';
import type { Failure } from '../contracts/failure.ts';
import type { SessionStrategy, SourceDefinition } from '../sources/definition.ts';
import { shortestSecret } from './redact.ts';

/** Nothing is longer, and nothing has a control character: a line break would end a header. */
const typed = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[ -~\u00a0-\uffff]+$/, 'has a control character');

/** A shorter secret could not be masked in what a source answers: too much else would look like it. */
const secret = typed.min(
  shortestSecret,
  `must have at least ${shortestSecret} characters: a shorter one cannot be masked`,
);

/** As sites print it beside their QR code: base32, of 80 bits or more. */
const totpSecret = z
  .string()
  .max(300)
  .regex(/^[A-Za-z2-7 -]+=*$/, 'is not base32')
  .refine((text) => text.replaceAll(/[ =-]/g, '').length >= 16, 'must have at least 16 letters of base32');

/** What a person sets once for a source. Lives in Secrets Manager and nowhere else. */
export const credentialsSchemas = {
  'api-key': z.strictObject({ apiKey: secret.regex(/^[\x21-\x7e]+$/, 'has other than visible ASCII characters') }),
  login: z.strictObject({ username: typed, password: secret }),
  /** Of a source with a second factor: with the secret of its authenticator app, or without where the account has none. */
  'totp-login': z.strictObject({ username: typed, password: secret, totpSecret: totpSecret.optional() }),
} as const;
export type CredentialsForm = keyof typeof credentialsSchemas;
export type LoginCredentials = z.infer<(typeof credentialsSchemas)['totp-login']>;

/** The form that a source's credentials have; `null` where it needs none. */
export function credentialsFormOf(strategy: SessionStrategy | null): CredentialsForm | null {
  switch (strategy?.strategy) {
    case 'api-key':
      return 'api-key';
    case 'form-login':
    case 'browser-form-login':
      return strategy.secondFactor ? 'totp-login' : 'login';
    default:
      return null;
  }
}

/** Whether a source gets no requests before a person has set its credentials. */
export function needsCredentials(source: Pick<SourceDefinition, 'session'>): boolean {
  return credentialsFormOf(source.session) !== null;
}

/** What to do about credentials that are missing, for people. */
export function credentialsHint(source: Pick<SourceDefinition, 'id' | 'session'>): string {
  const what = credentialsFormOf(source.session) === 'api-key' ? 'an API key' : 'a user name and password';
  return `It needs ${what}: PUT /api/v1/sources/${source.id}/credentials or \`quotron credentials set ${source.id}\`.`;
}

const unset: Failure = {
  reason: 'auth_expired',
  detail: { code: 'credentials_unset' },
  message: 'No credentials are set for this source.',
};

/** Reads what a secret holds by the schema of a form. What is not of it has not been set: the secret begins as `{}`. */
export function readCredentials<T>(schema: z.ZodType<T>, text: string | null): T | Failure {
  let json: unknown;
  try {
    json = JSON.parse(text ?? 'null');
  } catch {
    return unset;
  }
  const parsed = schema.safeParse(json);
  return parsed.success ? parsed.data : unset;
}

/** The user name and password that are set for a source that signs in by a form, with the secret of its second factor. */
export function readLogin(strategy: SessionStrategy, text: string | null): LoginCredentials | Failure {
  const form = credentialsFormOf(strategy);
  return readCredentials(credentialsSchemas[form === 'totp-login' ? form : 'login'], text);
}

/** A login after which the source shows its form again, and says neither that it was refused nor what it wants. */
export const loginNotKept: Failure = {
  reason: 'auth_expired',
  detail: { code: 'login_not_kept' },
  message: 'After the login the source shows its login form again, without saying why.',
};

/** A login that was refused: by each strategy that has one, in the same words, for it is not tried again by the next worker. */
export const loginRefused: Failure = {
  reason: 'auth_expired',
  detail: { code: 'login_refused' },
  message: 'The source refused the user name or password that is set for it.',
};
