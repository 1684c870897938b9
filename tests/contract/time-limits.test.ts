import { describe, expect, it } from 'vitest';
import { sessionSettingsOf, timeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { insideFunctions, timeoutSeconds } from '../../core/contracts/functions.ts';

/** API Gateway ends a request after this, whatever the function may take. */
const gatewaySeconds = 29;

describe.each(insideFunctions)('the time limits of %s', (name) => {
  const limits = timeLimits(name);
  const timeout = timeoutSeconds[name] * 1_000;

  it('end every wait before Lambda ends the function, connecting and one query together', () => {
    const { idle: _, ...waits } = limits;
    for (const limit of Object.values(waits)) expect(limit).toBeLessThanOrEqual(timeout);
    // The last try to connect may begin after half of the time for it, while all connections are taken.
    expect(limits.connect * 1.5 + limits.query).toBeLessThan(timeout);
    expect(limits.connect).toBeGreaterThanOrEqual(2_500);
  });

  it('let the server end a wait first, so that it says which: the lock, then the statement, then the client', () => {
    expect(limits.lock).toBeLessThan(limits.statement);
    expect(limits.query).toBe(limits.statement + 1_000);
    expect(limits.lock).toBeGreaterThanOrEqual(2_000);
  });

  it('let a connection go before the server ends it', () => {
    const settings = sessionSettingsOf(limits);
    expect(limits.idle).toBeLessThan(Number(settings['tcp_keepalives_idle']) * 1_000);
    expect(limits.idle).toBeLessThan(Number(settings['idle_session_timeout'] ?? 600_000));
  });

  it('give the locks of a silent transaction back within ten seconds', () => {
    expect(limits.idleInTransaction).toBe(10_000);
  });
});

it('the API and the proxy, which waits for `state`, answer before API Gateway gives up', () => {
  const api = timeLimits('api');
  expect(api.connect + api.query).toBeLessThan(gatewaySeconds * 1_000 * 0.5);
  for (const name of ['api', 'yahoo-proxy', 'set-credentials'] as const)
    expect(timeoutSeconds[name]).toBeLessThan(gatewaySeconds);
  expect(timeoutSeconds.state * 2).toBeLessThan(timeoutSeconds['yahoo-proxy']);
});

it('a burst of the API or of `state` leaves no connection idle for longer than a minute', () => {
  for (const name of ['api', 'stream-events', 'state'] as const)
    expect(Number(sessionSettingsOf(timeLimits(name))['idle_session_timeout'])).toBeLessThanOrEqual(60_000);
});

it('migrations and maintenance have minutes for a statement, and wait a minute for a lock', () => {
  expect(timeLimits('migrate')).toMatchObject({ statement: 270_000, lock: 60_000 });
  expect(timeLimits('maintain')).toMatchObject({ statement: 870_000, lock: 60_000 });
});
