/* A PostgreSQL that exists already, as `npm start` takes it: on the server of these tests, as a role without superuser. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from '../../core/adapters/postgres/database/migrate.ts';
import { ownRoleNames } from '../../core/adapters/postgres/database/own-roles.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { type DatabaseLogin, readLogin } from '../../localstack/database-login.ts';
import { emptyGivenDatabase, openGivenDatabase, prepareGivenDatabase } from '../../localstack/given-database.ts';
import { freePort } from '../../localstack/ports.ts';
import { clusterVariable, migrationsDirectory } from '../support/postgres.ts';

const cluster = process.env[clusterVariable] ?? '';
/** With everything in it that addresses and shells have a meaning for. */
const password = "s3cret p@ss:w/rd%25?#&'$\\";

let admin: pg.Client;
let folder: string;
let count = 0;
let login: DatabaseLogin;
/** The database of the test, for its superuser. */
let inside: pg.Client;

const at = (database: string) => {
  const url = new URL(cluster);
  url.pathname = `/${database}`;
  return url.href;
};

beforeAll(async () => {
  // Not the database that other files copy: nobody may be connected to that one.
  admin = new pg.Client({ connectionString: at('postgres') });
  await admin.connect();
});
afterAll(() => admin.end());

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quotron-given-'));
  const name = `given_${process.pid}_${count++}`;
  await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD ${admin.escapeLiteral(password)}`);
  await admin.query(`CREATE DATABASE ${name} OWNER ${name} TEMPLATE template0`);
  inside = new pg.Client({ connectionString: at(name) });
  await inside.connect();
  const { hostname, port } = new URL(cluster);
  login = { host: hostname, port: Number(port), database: name, user: name, password, sslMode: 'prefer' };
});
afterEach(async () => {
  await inside.end();
  await admin.query(`DROP DATABASE ${login.database} WITH (FORCE)`);
  for (const role of [...Object.values(ownRoleNames(login.database)), login.user])
    await admin.query(`DROP ROLE IF EXISTS ${role}`);
  rmSync(folder, { recursive: true, force: true });
});

/** Takes the database as `npm start` does, migrates it, and gives it back. */
async function taken<T>(
  work: (urls: { owner: string; app: string; api: string; state: string }, notes: readonly string[]) => Promise<T>,
) {
  const database = await prepareGivenDatabase(await openGivenDatabase(login), folder, 'simulated');
  try {
    const pool = createPool({ url: database.urls.owner }, 1);
    await migrate(pool, migrationsDirectory, new Date()).finally(() => pool.end());
    return await work({ ...database.urls }, database.notes);
  } finally {
    await database.stop();
    expect(await database.ended).toBe(true);
  }
}

async function run(url: string, ...statements: string[]): Promise<unknown[]> {
  const pool = createPool({ url }, 1);
  try {
    let rows: unknown[] = [];
    for (const statement of statements) rows = (await pool.query(statement)).rows;
    return rows;
  } finally {
    await pool.end();
  }
}

const tablesIn = (schema: string) =>
  `SELECT count(*)::int AS count FROM pg_class WHERE relnamespace = '${schema}'::regnamespace AND relkind IN ('r', 'p')`;

describe('a database that exists', () => {
  it('gets a schema of its own, beside tables of the same names that stay as they are', async () => {
    await inside.query(
      'CREATE TABLE public.quote (mine text); CREATE TABLE public.migration (id int, name text, run_on timestamp)',
    );
    await inside.query(
      "INSERT INTO public.quote VALUES ('untouched'); INSERT INTO public.migration VALUES (999, '9999_of-others', now())",
    );
    await inside.query(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${login.user}`);
    await taken(async ({ owner }) => {
      expect(await run(owner, 'SELECT count(*)::int AS count FROM quote')).toEqual([{ count: 0 }]);
      expect(await run(owner, 'SELECT maintain_quote_partitions(now()) AS made')).toEqual([{ made: 0 }]);
    });
    const { rows } = await inside.query(tablesIn('public'));
    expect(rows).toEqual([{ count: 2 }]);
    expect((await inside.query('SELECT mine FROM public.quote')).rows).toEqual([{ mine: 'untouched' }]);
    // Again, as the next start does.
    await taken(async ({ owner }) =>
      expect(await run(owner, 'SELECT count(*)::int AS count FROM migration WHERE id = 999')).toEqual([{ count: 0 }]),
    );
  });

  it('is used by all functions as its owner where that may not create roles, and a note says so', async () => {
    await taken(async (urls, notes) => {
      expect(new Set(Object.values(urls)).size).toBe(1);
      expect(notes).toEqual([expect.stringContaining(`ALTER ROLE ${login.user} CREATEROLE`)]);
    });
  });

  it('has roles for functions with fewer rights where its owner may create them, as on AWS', async () => {
    await admin.query(`ALTER ROLE ${login.user} CREATEROLE`);
    // What is made before and after the roles, both.
    for (const _ of ['first', 'again'])
      await taken(async ({ owner, app, api, state }, notes) => {
        expect(notes).toEqual([]);
        for (const url of [app, api, state]) {
          expect(await run(url, 'SELECT count(*)::int AS count FROM watch')).toEqual([{ count: 0 }]);
          await run(
            url,
            "INSERT INTO lease (name, holder, token, expires_at) VALUES ('x', 'y', 1, now())",
            'DELETE FROM lease',
          );
          for (const forbidden of [
            'DROP TABLE watch',
            'CREATE TABLE mine (a int)',
            'ALTER TABLE watch ADD COLUMN a int',
          ])
            await expect(run(url, forbidden), forbidden).rejects.toMatchObject({ code: '42501' });
        }
        const powers = `SELECT current_user AS name, rolsuper OR rolcreaterole OR rolcreatedb AS powerful, rolconnlimit > 0 AS limited FROM pg_roles WHERE rolname = current_user`;
        const names = ownRoleNames(login.database);
        expect(await run(api, powers)).toEqual([{ name: names.api, powerful: false, limited: true }]);
        expect(await run(owner, 'SELECT current_user AS name')).toEqual([{ name: login.user }]);
      });
    const file = join(folder, 'database-roles.json');
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(readFileSync(file, 'utf8')).not.toContain(password);
  });

  it('is held by one local cloud at a time', async () => {
    await taken(async () => {
      await expect(openGivenDatabase(login)).rejects.toThrow(/^Another Quotron runs on schema quotron .*\.$/);
    });
  });

  it('is held again after the server has ended the connection', async () => {
    const database = await prepareGivenDatabase(await openGivenDatabase(login), folder, 'simulated');
    const holders = async () => {
      const { rows } = await inside.query(
        `SELECT l.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)
         WHERE l.locktype = 'advisory' AND l.granted AND a.datname = current_database()`,
      );
      return rows.map((row: { pid: number }) => row.pid);
    };
    const [first] = await holders();
    await inside.query('SELECT pg_terminate_backend($1)', [first]);
    await expect
      .poll(async () => (await holders()).filter((pid) => pid !== first), { timeout: 30_000 })
      .toHaveLength(1);
    await database.stop();
    expect(await database.ended).toBe(true);
    expect(await holders()).toEqual([]);
  });

  it('holds made-up prices or real ones, never both', async () => {
    await taken(async () => undefined);
    const given = await openGivenDatabase(login);
    await expect(prepareGivenDatabase(given, folder, 'real')).rejects.toThrow(/holds made-up prices.*DB_NAME/);
    await given.client.end();
  });
});

describe('what cannot be used is refused in one line, and nothing is changed', () => {
  const refusal = async (differs: Partial<DatabaseLogin> = {}): Promise<string> => {
    const tried = { ...login, ...differs };
    const error: unknown = await openGivenDatabase(tried).then(
      ({ client }) => client.end(),
      (thrown: unknown) => thrown,
    );
    const message = error instanceof Error ? error.message : 'it was taken';
    expect(message).not.toContain('\n');
    expect(message).not.toContain(tried.password ?? password);
    return message;
  };

  it('a host that is not known', async () =>
    expect(await refusal({ host: 'no-such-host.invalid' })).toMatch(/^DB_HOST is no-such-host\.invalid/));
  it('a port where nothing listens', async () =>
    expect(await refusal({ port: await freePort() })).toMatch(/^Nothing listens at .*DB_PORT/));
  it('a wrong password', async () =>
    expect(await refusal({ password: 'wr0ng-one' })).toMatch(/refuses the password of role .*DB_PASSWORD/));
  it('a missing password', async () => expect(await refusal({ password: undefined })).toMatch(/set DB_PASSWORD/));
  it('a role that does not exist', async () =>
    expect(await refusal({ user: 'nobody_here' })).toMatch(/nobody_here.*DB_USER/));
  it('a database that does not exist', async () =>
    expect(await refusal({ database: 'not_there' })).toMatch(/^There is no database not_there .*DB_NAME/));
  it('encryption that the server does not have', async () =>
    expect(await refusal({ sslMode: 'verify-full' })).toMatch(/does not encrypt.*DB_SSLMODE/));

  it('something that is no database', async () => {
    const server = createServer((socket) =>
      socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).on('error', () => undefined),
    );
    const port = await listening(server);
    expect(await refusal({ port })).toContain(`127.0.0.1:${port}`);
    server.close();
  });

  it('a server that is too old', async () => {
    const server = oldServer('13.23', '130023');
    const port = await listening(server);
    expect(await refusal({ port })).toBe(
      `The server at 127.0.0.1:${port} is PostgreSQL 13.23, and Quotron needs version 14 or newer.`,
    );
    server.close();
  });

  it("a schema of the name that is not Quotron's", async () => {
    await inside.query(`CREATE SCHEMA quotron AUTHORIZATION ${login.user}; CREATE TABLE quotron.of_others (a int)`);
    expect(await refusal()).toMatch(/^There is a schema quotron in .* that is not Quotron's/);
    expect((await inside.query(tablesIn('quotron'))).rows).toEqual([{ count: 1 }]);
    await expect(emptyGivenDatabase(login)).rejects.toThrow("not Quotron's");
  });

  it('an empty one that belongs to somebody else', async () => {
    await inside.query('CREATE SCHEMA quotron');
    expect(await refusal()).toMatch(/belongs to role .*ALTER SCHEMA quotron OWNER TO/);
  });

  it('a role that may not create a schema; an empty one made for it will do', async () => {
    const other = `${login.user}_other`;
    await inside.query(`CREATE ROLE ${other} LOGIN PASSWORD ${inside.escapeLiteral(password)}`);
    try {
      expect(await refusal({ user: other })).toMatch(/^Role .* may not create a schema .*GRANT CREATE ON DATABASE/);
      await inside.query(`CREATE SCHEMA quotron AUTHORIZATION ${other}`);
      expect(await refusal({ user: other })).toBe('it was taken');
      await inside.query('DROP SCHEMA quotron');
    } finally {
      await inside.query(`DROP ROLE ${other}`);
    }
  });

  it('an encoding that cannot hold every name', async () => {
    await admin.query(
      `CREATE DATABASE ${login.database}_latin OWNER ${login.user} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'${Number((await admin.query('SHOW server_version_num')).rows[0]?.server_version_num) >= 150000 ? " LOCALE_PROVIDER 'libc'" : ''}`,
    );
    try {
      expect(await refusal({ database: `${login.database}_latin` })).toMatch(/LATIN1.*UTF8/);
    } finally {
      await admin.query(`DROP DATABASE ${login.database}_latin`);
    }
  });

  it("a role of the functions' name that is not Quotron's", async () => {
    const { api } = ownRoleNames(login.database);
    await admin.query(`ALTER ROLE ${login.user} CREATEROLE`);
    await admin.query(`CREATE ROLE ${api}`);
    const given = await openGivenDatabase(login);
    await expect(prepareGivenDatabase(given, folder, 'simulated')).rejects.toThrow(
      new RegExp(`a role ${api} exists already`),
    );
    await given.client.end();
  });
});

describe('npm run reset -- --empty-schema', () => {
  it('empties the schema and drops the roles, and touches nothing else', async () => {
    await admin.query(`ALTER ROLE ${login.user} CREATEROLE`);
    await inside.query("CREATE TABLE public.mine (a text); INSERT INTO public.mine VALUES ('kept')");
    await taken(async () => undefined);
    expect(await emptyGivenDatabase(login)).toEqual([]);
    expect(
      (await inside.query("SELECT count(*)::int AS left FROM pg_class WHERE relnamespace = 'quotron'::regnamespace"))
        .rows,
    ).toEqual([{ left: 0 }]);
    expect(
      (await inside.query("SELECT count(*)::int AS left FROM pg_proc WHERE pronamespace = 'quotron'::regnamespace"))
        .rows,
    ).toEqual([{ left: 0 }]);
    expect((await inside.query('SELECT a FROM public.mine')).rows).toEqual([{ a: 'kept' }]);
    const { rows } = await admin.query('SELECT rolname FROM pg_roles WHERE rolname = ANY($1)', [
      Object.values(ownRoleNames(login.database)),
    ]);
    expect(rows).toEqual([]);
    expect(await emptyGivenDatabase(login)).toBeNull();
    // From scratch, and with real prices if one likes.
    await taken(async ({ api }) =>
      expect(await run(api, 'SELECT count(*)::int AS count FROM quote')).toEqual([{ count: 0 }]),
    );
  });

  it('refuses while something of others depends on it, and then drops nothing', async () => {
    await taken(async () => undefined);
    await inside.query('CREATE VIEW public.mine AS SELECT count(*) FROM quotron.quote');
    const before = (await inside.query(tablesIn('quotron'))).rows;
    await expect(emptyGivenDatabase(login)).rejects.toThrow(/^Something outside of schema quotron depends on it/);
    expect((await inside.query(tablesIn('quotron'))).rows).toEqual(before);
  });

  it('refuses while a local cloud runs on it', async () => {
    await taken(async () => {
      await expect(emptyGivenDatabase(login)).rejects.toThrow('Another Quotron');
    });
  });
});

describe('the settings of a database', () => {
  it('are all or none, and each is checked', () => {
    const full = { DB_HOST: 'db', DB_NAME: 'n', DB_USER: 'u', DB_PASSWORD: ' p ' };
    expect(readLogin({})).toBeUndefined();
    expect(readLogin({ DB_HOST: '', DB_PASSWORD: '' })).toBeUndefined();
    expect(readLogin(full)).toEqual({
      host: 'db',
      port: 5432,
      database: 'n',
      user: 'u',
      password: ' p ',
      sslMode: 'prefer',
    });
    expect(readLogin({ ...full, DB_HOST: '[::1]' })?.host).toBe('::1');
    for (const [env, said] of [
      [{ DB_PASSWORD: 'p' }, 'DB_PASSWORD is set and DB_HOST, DB_NAME and DB_USER are not'],
      [{ ...full, DB_NAME: '' }, 'DB_NAME is not'],
      [{ ...full, DB_HOST: 'postgres://u:p@db/n' }, 'DB_HOST is not the name'],
      [{ ...full, DB_PORT: '0' }, 'DB_PORT is "0"'],
      [{ ...full, DB_SSLMODE: 'on' }, 'DB_SSLMODE is "on"'],
    ] as const)
      expect(() => readLogin(env), said).toThrow(said);
    // A password may stand in the address.
    expect(() => readLogin({ ...full, DB_HOST: 'postgres://u:p@db/n' })).toThrow(/^(?!.*u:p)/);
  });
});

function listening(server: Server): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    }),
  );
}

/** Speaks enough of the protocol to be asked for its version: lets everybody in, and answers every statement with one row. */
function oldServer(text: string, number: string): Server {
  const message = (type: string, body: Buffer) => {
    const head = Buffer.alloc(5);
    head.write(type);
    head.writeInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  };
  const int16 = (value: number) => Buffer.from([value >> 8, value & 255]);
  const int32 = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const ready = message('Z', Buffer.from('I'));
  const column = (name: string) =>
    Buffer.concat([Buffer.from(`${name}\0`), int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)]);
  const cell = (value: string) => Buffer.concat([int32(value.length), Buffer.from(value)]);
  const answer = Buffer.concat([
    message('T', Buffer.concat([int16(2), column('version'), column('text')])),
    message('D', Buffer.concat([int16(2), cell(number), cell(text)])),
    message('C', Buffer.from('SELECT 1\0')),
    ready,
  ]);
  return createServer((socket) => {
    let begun = false;
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      // A request for encryption.
      if (!begun && data.length === 8) return socket.write('N');
      if (begun) return data[0] === 81 && socket.write(answer);
      begun = true;
      return socket.write(Buffer.concat([message('R', int32(0)), ready]));
    });
  });
}
