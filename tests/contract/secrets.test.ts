import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { httpUpstream } from '../../core/adapters/http/upstream.ts';
import type { Pool } from '../../core/adapters/postgres/pool.ts';
import { postgresState } from '../../core/adapters/postgres/state.ts';
import { makeSession } from '../../core/auth/make-session.ts';
import { createSealer } from '../../core/auth/seal.ts';
import { type Session, sessionSchema, sessionSecrets } from '../../core/auth/session.ts';
import { sessionKeeper } from '../../core/auth/session-keeper.ts';
import { sourceAddress } from '../../core/sources/address.ts';
import { sourceOf } from '../../core/sources/catalogue.ts';
import { logger } from '../../functions/observe.ts';
import { type Fault, faultSchema } from '../../localstack/upstreams/control.ts';
import { type RunningUpstreams, startUpstreams } from '../../localstack/upstreams/server.ts';
import { pipeline, runNow } from '../pipeline.ts';
import { startTestDatabase, type TestDatabase } from '../postgres.ts';

/** Planted: of the form that the simulated source takes, and found nowhere else. */
const apiKey = 'PLANTEDKEY98ZZZZ';
const sealingSecret = 'the secret of these tests';

let database: TestDatabase;
let pool: Pool;
let upstreams: RunningUpstreams;

beforeAll(async () => {
  database = await startTestDatabase();
  pool = database.pool(10);
  upstreams = await startUpstreams({ port: 0 });
});
afterAll(async () => {
  await upstreams.stop();
  await database.stop();
});
beforeEach(async () => {
  upstreams.control.clear();
  upstreams.control.requests(true);
  await pool.query('TRUNCATE lease, auth_session, permit, source_state');
});

/** Every table of the database as one text. */
async function everythingStored(): Promise<string> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND NOT relispartition`,
  );
  const texts: string[] = [];
  for (const { name } of rows) {
    const held = await pool.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${name} t`);
    texts.push(...held.rows.map(({ row }) => `${name} ${row}`));
  }
  return texts.join('\n');
}

/** All the ways in which a text would show a secret: plain, URL-encoded, base64 at each of its three places. */
function writingsOf(secret: string): string[] {
  const encoded = encodeURIComponent(secret);
  const forms = [secret, encoded, encoded.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())];
  const base64 = forms.flatMap((form) =>
    ['', 'x', 'xx'].map((lead) => {
      const text = Buffer.from(`${lead}${form}`).toString('base64').replaceAll('=', '');
      // Letters that also hang on what is beside the secret are not its own.
      return text.slice(Math.ceil((lead.length * 8) / 6), Math.floor(((lead.length + form.length) * 8) / 6));
    }),
  );
  return [...new Set([...forms, ...base64, ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))])];
}

describe('planted secrets, whatever the source does', () => {
  const faults: (Partial<Fault> & { fault: Fault['fault'] })[] = [
    { fault: 'echo' },
    { fault: 'quota' },
    { fault: 'expired' },
    { fault: '403' },
    { fault: 'malformed' },
    { fault: 'hang' },
    { fault: 'drift' },
  ];

  it('appear in no blob, row, event, message, error or log line: not plain, URL-encoded or in base64', async () => {
    const written: string[] = [];
    const note = (...parts: unknown[]) => {
      written.push(parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join(' '));
      return true;
    };
    const spies = [
      vi.spyOn(process.stdout, 'write').mockImplementation(note),
      vi.spyOn(process.stderr, 'write').mockImplementation(note),
      ...(['log', 'info', 'warn', 'error', 'debug'] as const).map((name) =>
        vi.spyOn(console, name).mockImplementation(note),
      ),
    ];
    const messages: string[] = [];
    const seen = new Set<string>([apiKey]);
    const blobs: string[] = [];
    try {
      await postgresState(pool).ask({ op: 'noteCredentials', sourceId: 'alpha-vantage', isSet: true, keyId: null });
      for (const sourceId of ['yahoo', 'alpha-vantage']) {
        for (const fault of [null, ...faults]) {
          upstreams.control.clear();
          if (fault) upstreams.control.switch(faultSchema.parse({ source: sourceId, ...fault }));
          await pool.query('UPDATE source_state SET held_until = NULL');
          await pool.query(
            "UPDATE permit SET used_at = used_at - interval '2 minutes', not_before = not_before - interval '2 minutes' WHERE used_at IS NOT NULL",
          );
          const stages = pipeline(pool, {
            sourceUrls: { [sourceId]: upstreams.urlOf(sourceId) },
            symbols: ['AAPL'],
            requestTimeoutMs: 200,
            credentials: () => JSON.stringify({ apiKey }),
          });
          const { send } = stages.queue;
          stages.queue.send = async (queue, sent, delay) => {
            messages.push(JSON.stringify(sent));
            await send(queue, sent, delay);
          };
          await stages.cycle(runNow('quotes', undefined, sourceId));
          for (const key of stages.blobs.blobs.keys()) blobs.push(JSON.stringify(await stages.blobs.get(key)));
          for (const session of await openSessions()) for (const secret of sessionSecrets(session)) seen.add(secret);
        }
      }
      logger.warn('a line, so that the capture is seen to work');
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
    expect(written.join('\n')).toContain('a line, so that the capture is seen to work');
    const secrets = [...seen].filter((secret) => secret.length >= 6);
    // The key, the cookies whole and one by one, the crumb.
    expect(secrets.length).toBeGreaterThanOrEqual(4);
    const everywhere: Record<string, string> = {
      blobs: blobs.join('\n'),
      messages: messages.join('\n'),
      logs: written.join('\n'),
      database: await everythingStored(),
    };
    expect(everywhere['blobs']).toContain('unexpected error, request was:');
    expect(everywhere['blobs']).toContain('We have detected your API key as [redacted]');
    expect(everywhere['database']).toContain('auth_session');
    for (const [where, text] of Object.entries(everywhere))
      for (const secret of secrets)
        for (const form of writingsOf(secret)) expect(text.includes(form), `${where} shows ${form}`).toBe(false);
  }, 60_000);

  async function openSessions(): Promise<Session[]> {
    const sealer = createSealer(sealingSecret);
    const { rows } = await pool.query<{ source_id: string; sealed: string }>(
      'SELECT source_id, sealed FROM auth_session',
    );
    return rows.flatMap(({ source_id: id, sealed }) => {
      const opened = sealer.open(sealed, id);
      return opened === null ? [] : [sessionSchema.parse(JSON.parse(opened))];
    });
  }
});

describe('one renewal for ten workers, by each strategy that a source has', () => {
  it.each(['yahoo', 'alpha-vantage'])('%s', async (id) => {
    const source = sourceOf(id);
    if (!source?.session) throw new Error(`${id} has no session`);
    const { session: strategy } = source;
    const address = sourceAddress(source, upstreams.urlOf(id));
    const upstream = httpUpstream({
      origins: address.origins,
      allowPrivate: true,
      timeoutMs: 2_000,
      maxBytes: 1_000_000,
    });
    let made = 0;
    let key = 'FIRSTKEY00000001';
    const keeper = () =>
      sessionKeeper(
        id,
        postgresState(pool),
        createSealer('one secret for all'),
        () => {
          made++;
          return makeSession(strategy, {
            address,
            call: upstream,
            headers: {},
            credentials: async () => JSON.stringify({ apiKey: key }),
            now: Date.now,
          });
        },
        Date.now,
        () => new Promise((resolve) => setTimeout(resolve, 10)),
      );
    const all = (rejected?: Session) => Promise.all(Array.from({ length: 10 }, () => keeper().session(rejected)));
    const first = await all();
    expect(made).toBe(1);
    expect(new Set(first.map((each) => JSON.stringify(each))).size).toBe(1);
    key = 'SECONDKEY0000002';
    const [old] = first;
    if (!old || 'reason' in old) throw new Error('there is no session');
    const second = await all(old);
    expect(made).toBe(2);
    expect(new Set(second.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(second[0]).not.toEqual(old);
    const crumbs = upstreams.control.requests(false)['yahoo']?.['crumb'] ?? 0;
    expect(crumbs).toBe(id === 'yahoo' ? 2 : 0);
  });

  it('a key that is refused and not replaced is refused to all, and never asked with again', async () => {
    const state = postgresState(pool);
    const session: Session = {
      headers: { 'x-key': 'REFUSEDKEY' },
      query: {},
      storageState: null,
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
    };
    const keeper = () =>
      sessionKeeper(
        'alpha-vantage',
        state,
        createSealer('s'),
        async () => session,
        Date.now,
        () => new Promise((resolve) => setTimeout(resolve, 10)),
      );
    expect(await keeper().session()).toEqual(session);
    const refused = await Promise.all(Array.from({ length: 10 }, () => keeper().session(session)));
    expect(refused.every((each) => 'reason' in each && each.reason === 'auth_expired')).toBe(true);
  });
});
