import { beforeAll } from 'vitest';
import type { z } from 'zod';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { type Keys, makeKeys, noon, testApi } from './api-fixture.ts';
import { type UsedWorld, useWorld } from './use-world.ts';

type TestApi = ReturnType<typeof testApi>;

export interface UsedApi {
  readonly world: UsedWorld;
  readonly api: Omit<TestApi, 'app'>;
  /** A key of each scope. */
  readonly keys: Readonly<Keys>;
  /** A GET with the key for reading. */
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** A POST of JSON with the key for operating. */
  post(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** A GET whose answer is parsed: `data` by the schema. */
  read<S extends z.ZodType>(schema: S, path: string): Promise<z.output<ReturnType<typeof envelope<S>>>>;
}

/**
 * The API for the tests of a file, at their clock (`noon`), on a world whose rows stay from one test to the next. Its parts
 * are there in tests and hooks, not while the file is read.
 *
 * @example
 * ```ts
 * const { world, api, keys, get, post, read } = useApi();
 *
 * it('lists the sources', async () => {
 *   const { data } = await read(z.array(sourceSchema), '/sources');
 *   expect(data[0]?.id).toBe('yahoo');
 * });
 * ```
 */
export function useApi({ connections = 2 }: { readonly connections?: number } = {}): UsedApi {
  const world = useWorld({ partitionsAt: new Date(noon), connections, keepRows: true });
  let made: { readonly api: TestApi; readonly keys: Keys } | undefined;
  beforeAll(async () => {
    made = { keys: await makeKeys(world.pool), api: testApi(world.pool) };
  }, 60_000);
  const there = () => {
    if (!made) throw new Error('The API is there in tests and hooks only.');
    return made;
  };
  const api: UsedApi['api'] = {
    ask: (path, init) => there().api.ask(path, init),
    get time() {
      return there().api.time;
    },
    get queue() {
      return there().api.queue;
    },
    get queues() {
      return there().api.queues;
    },
    get logged() {
      return there().api.logged;
    },
    get keys() {
      return there().api.keys;
    },
    get blobs() {
      return there().api.blobs;
    },
    get kept() {
      return there().api.kept;
    },
  };
  const keys: UsedApi['keys'] = {
    get read() {
      return there().keys.read;
    },
    get operate() {
      return there().keys.operate;
    },
    get admin() {
      return there().keys.admin;
    },
  };
  const get: UsedApi['get'] = (path, headers = {}) => api.ask(path, { key: keys.read, headers });
  return {
    world,
    api,
    keys,
    get,
    post: (path, body, headers = {}) =>
      api.ask(path, {
        method: 'POST',
        key: keys.operate,
        headers,
        ...(body === undefined ? {} : { json: body }),
      }),
    read: async (schema, path) => envelope(schema).parse(await (await get(path)).json()),
  };
}
