import { describe, expect, it } from 'vitest';
import { httpUpstream } from '../../core/adapters/http/upstream.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { makeSession } from '../../core/auth/make-session.ts';
import { createSealer } from '../../core/auth/seal.ts';
import { type Session, sessionSchema, sessionSecrets } from '../../core/auth/session.ts';
import { sessionKeeper } from '../../core/auth/session-keeper.ts';
import { logger } from '../../core/runtime/observe.ts';
import { sourceAddress } from '../../core/sources/address.ts';
import { sourceOf } from '../../core/sources/catalogue.ts';
import type { Fault } from '../../localstack/upstreams/control.ts';
import { runNow } from '../support/pipeline.ts';
import { everythingLogged, everythingStored, shown } from '../support/planted-secrets.ts';
import { useWorld } from '../support/use-world.ts';

/** Planted: of the form that the simulated source takes, and found nowhere else. */
const apiKey = 'PLANTEDKEY98ZZZZ';
const sealingSecret = 'the secret of these tests';

const world = useWorld({
  connections: 10,
  sources: ['yahoo', 'alpha-vantage'],
  pipeline: { symbols: ['AAPL'], requestTimeoutMs: 200, credentials: () => JSON.stringify({ apiKey }) },
});

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
    const messages: string[] = [];
    const seen = new Set<string>([apiKey]);
    const blobs: string[] = [];
    const logs = await everythingLogged(async () => {
      await postgresState(world.pool).call({
        op: 'noteCredentials',
        sourceId: 'alpha-vantage',
        isSet: true,
        keyId: null,
      });
      for (const sourceId of ['yahoo', 'alpha-vantage']) {
        for (const fault of [null, ...faults]) {
          world.upstreams.control.clear();
          if (fault) world.fault({ source: sourceId, ...fault });
          await world.pool.query('UPDATE source_state SET held_until = NULL');
          await world.pool.query(
            "UPDATE permit SET used_at = used_at - interval '2 minutes', not_before = not_before - interval '2 minutes' WHERE used_at IS NOT NULL",
          );
          const stages = world.pipeline();
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
    });
    expect(logs).toContain('a line, so that the capture is seen to work');
    const secrets = [...seen].filter((secret) => secret.length >= 6);
    // The key, the cookies whole and one by one, the crumb.
    expect(secrets.length).toBeGreaterThanOrEqual(4);
    const everywhere: Record<string, string> = {
      blobs: blobs.join('\n'),
      messages: messages.join('\n'),
      logs,
      database: await everythingStored(world.pool),
    };
    expect(everywhere['blobs']).toContain('unexpected error, request was:');
    expect(everywhere['blobs']).toContain('We have detected your API key as [redacted]');
    expect(everywhere['database']).toContain('auth_session');
    expect(shown(secrets, everywhere)).toEqual([]);
  }, 60_000);

  async function openSessions(): Promise<Session[]> {
    const sealer = createSealer(sealingSecret);
    const { rows } = await world.pool.query<{ source_id: string; sealed: string }>(
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
    const address = sourceAddress(source, { [id]: world.upstreams.urlOf(id) });
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
        postgresState(world.pool),
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
    const all = (rejected?: Session) =>
      Promise.all(Array.from({ length: 10 }, () => (rejected ? keeper().renewed(rejected) : keeper().session())));
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
    const crumbs = world.upstreams.control.requests(false)['yahoo']?.['crumb'] ?? 0;
    expect(crumbs).toBe(id === 'yahoo' ? 2 : 0);
  });

  it('a key that is refused and not replaced is refused to all, and never asked with again', async () => {
    const state = postgresState(world.pool);
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
    const refused = await Promise.all(Array.from({ length: 10 }, () => keeper().renewed(session)));
    expect(refused.every((each) => 'reason' in each && each.reason === 'auth_expired')).toBe(true);
  });
});
