import * as z from 'zod';
import type { SessionStrategy, SourceDefinition } from '../sources/definition.ts';

/** No secret is longer, and none has a line break, which would let it end a header. */
const secret = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[^\p{Cc}]+$/u, 'has a control character');

/** What a person sets once for a source. Lives in Secrets Manager and nowhere else. */
export const credentialsSchemas = {
  'api-key': z.strictObject({ apiKey: secret.regex(/^[\x21-\x7e]+$/, 'has other than visible ASCII characters') }),
  login: z.strictObject({ username: secret, password: secret }),
} as const;
export type ApiKeyCredentials = z.infer<(typeof credentialsSchemas)['api-key']>;
export type LoginCredentials = z.infer<(typeof credentialsSchemas)['login']>;
export type Credentials = ApiKeyCredentials | LoginCredentials;

/** The form that a source's credentials have; `null` where it needs none. */
export function credentialsFormOf(strategy: SessionStrategy | null): keyof typeof credentialsSchemas | null {
  switch (strategy?.strategy) {
    case 'api-key':
      return 'api-key';
    case 'form-login':
    case 'browser-form-login':
      return 'login';
    default:
      return null;
  }
}

/** Whether a source cannot be asked before a person has set its credentials. */
export function needsCredentials(source: Pick<SourceDefinition, 'session'>): boolean {
  return credentialsFormOf(source.session) !== null;
}
