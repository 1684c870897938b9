/*
 * Sets and deletes the credentials of sources; never returns them.
 *
 *   1. a key of scope admin, checked by `state` inside the VPC
 *   2. the body, by the schema of what the source's strategy needs
 *   3. the secret, then the note of it: sessions made with the former credentials are dropped, and scrapers read the new
 *      ones at their next login
 *
 * Nothing here reads a secret. No answer, log line or error holds a value of a body.
 */

import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { isApiKey } from '../../core/auth/api-keys.ts';
import {
  type CredentialsForm,
  credentialsFormOf,
  credentialsHint,
  credentialsSchemas,
} from '../../core/auth/credentials.ts';
import { simulatedHeader } from '../../core/contracts/http/envelope.ts';
import { type CredentialsState, credentialsStateSchema } from '../../core/contracts/http/operations.ts';
import { pickFields } from '../../core/http/fields.ts';
import { givenKey } from '../../core/http/given-key.ts';
import { ProblemError, problemOf } from '../../core/http/problem.ts';
import { createRateLimiter } from '../../core/http/rate-limit.ts';
import {
  bodyOf,
  checked,
  decimalsOf,
  fieldsOf,
  noBody,
  parametersOf,
  unknownParameters,
} from '../../core/http/read-request.ts';
import { baseHeaders, respondProblem, simulationOf } from '../../core/http/respond.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { SecretWriter } from '../../core/ports/secret-store.ts';
import type { State } from '../../core/ports/state.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';

export interface SettingCredentials {
  readonly state: State;
  readonly secrets: SecretWriter;
  /** Source id to the secret's. */
  readonly secretIds: Readonly<Record<string, string>>;
  readonly catalogue: readonly SourceDefinition[];
  /** Ids of the sources whose data are made up. */
  readonly simulated: readonly string[];
  readonly clock: Clock;
  log(error: unknown, requestId: string): void;
}

const path = '/api/v1/sources/:id/credentials';
/** The content of a secret without credentials. */
const unset = '{}';
/** Keys are 256 random bits and cannot be guessed; the limit protects the database. */
const limit = { perSecond: 1, burst: 20 };

export function createCredentialsApp(uses: SettingCredentials): Hono {
  const { state, secrets, clock, catalogue } = uses;
  const limiter = createRateLimiter(limit, clock);
  const app = new Hono();

  app.get(path, async (context) => {
    const { source, form } = await admit(context);
    const { isSet, changedAt } = await state.call({ op: 'credentialsState', sourceId: source.id });
    return answer(context, viewOf(source, form, isSet, changedAt));
  });

  app.put(path, async (context) => {
    const { source, form, keyId, secretId } = await admit(context);
    const credentials = checked(credentialsSchemas[form], 'body', await bodyOf(context));
    await secrets.put(secretId, JSON.stringify(credentials));
    const { changedAt } = await state.call({ op: 'noteCredentials', sourceId: source.id, isSet: true, keyId });
    return answer(context, viewOf(source, form, true, changedAt));
  });

  app.delete(path, async (context) => {
    const { source, form, keyId, secretId } = await admit(context);
    checked(noBody, 'body', await bodyOf(context));
    // The note first, so that nothing is planned that is about to lose its key.
    const { changedAt } = await state.call({ op: 'noteCredentials', sourceId: source.id, isSet: false, keyId });
    await secrets.put(secretId, unset);
    return answer(context, viewOf(source, form, false, changedAt));
  });

  app.all(path, () => {
    throw new ProblemError('method_not_allowed', 'This path takes GET, HEAD, PUT, DELETE.', {
      headers: { allow: 'GET, HEAD, PUT, DELETE' },
    });
  });
  app.notFound((context) =>
    respondProblem(new ProblemError('not_found', 'There is nothing here.'), requestOf(context)),
  );
  app.onError((error, context) => {
    const problem = problemOf(error);
    const request = requestOf(context);
    if (problem.code === 'internal' || problem.code === 'unavailable') uses.log(error, request.requestId);
    return respondProblem(problem, request);
  });
  return app;

  async function admit(context: Context) {
    const keyId = await adminKeyOf(context);
    decimalsOf(context);
    if (readsOnly(context)) fieldsOf(context);
    const id = context.req.param('id') ?? '';
    const source = catalogue.find((each) => each.id === id);
    if (!source)
      throw new ProblemError(
        'unknown_source',
        `No source has this id. There is ${catalogue.map((each) => each.id).join(', ')}.`,
      );
    const form = credentialsFormOf(source.session);
    const secretId = Object.hasOwn(uses.secretIds, source.id) ? uses.secretIds[source.id] : undefined;
    if (form === null || secretId === undefined)
      throw new ProblemError('no_credentials', `${source.title} is read without credentials: there is nothing to set.`);
    return { source, form, keyId, secretId };
  }

  async function adminKeyOf(context: Context): Promise<string> {
    const key = givenKey(undefined, (name) => context.req.header(name))?.key;
    if (key === undefined)
      throw new ProblemError(
        'unauthenticated',
        'Send an API key of scope admin in x-api-key or as Authorization: Bearer.',
      );
    if (!isApiKey(key))
      throw new ProblemError(
        'invalid_key',
        'The API key is malformed: its checksum is wrong. It may have been mistyped.',
      );
    const wait = limiter.take(key);
    if (wait > 0)
      throw new ProblemError('rate_limited', `This key has sent too many requests at once. Wait ${wait} s.`, {
        headers: { 'retry-after': String(wait) },
      });
    const { ok, keyId } = await state.call({ op: 'checkKey', key, scope: 'admin' });
    if (keyId === null) throw new ProblemError('invalid_key', 'The API key is unknown, revoked or expired.');
    if (!ok) throw new ProblemError('forbidden', 'This needs a key of scope admin; the one given has less.');
    return keyId;
  }

  function requestOf(context: Context) {
    const given = context.req.header('x-request-id');
    const known = requestIds.get(context.req.raw);
    const requestId = known ?? (given && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID());
    requestIds.set(context.req.raw, requestId);
    return { requestId, simulated: uses.simulated, path: context.req.path.slice(0, 200), https: true };
  }

  function answer(context: Context, data: CredentialsState): Response {
    const { requestId, simulated } = requestOf(context);
    const meta = { requestId, ...simulationOf(simulated, data.sourceId) };
    const reads = readsOnly(context);
    const fields = reads ? fieldsOf(context) : null;
    const shown = fields === null ? data : pickFields(data, fields, credentialsStateSchema);
    const warnings = unknownParameters(parametersOf(context, undefined, reads).unknown);
    return context.json({ data: shown, meta, warnings }, 200, {
      'cache-control': 'no-store',
      'x-request-id': requestId,
      ...baseHeaders,
      ...(simulated.length > 0 ? { [simulatedHeader]: simulated.join(',') } : {}),
    });
  }
}

function readsOnly({ req }: Context): boolean {
  return req.method === 'GET' || req.method === 'HEAD';
}

const requestIds = new WeakMap<Request, string>();

function viewOf(
  source: SourceDefinition,
  form: CredentialsForm,
  isSet: boolean,
  changedAt: string | null,
): CredentialsState {
  return {
    sourceId: source.id,
    form,
    fields: Object.keys(credentialsSchemas[form].shape),
    isSet,
    changedAt,
    hint: isSet ? null : credentialsHint(source),
  };
}
