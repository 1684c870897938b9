import { describe, expect, it } from 'vitest';
import { timeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { insideFunctions, timeoutSeconds } from '../../core/contracts/functions.ts';
import { patienceOf } from '../../functions/state/patient-state.ts';

/** API Gateway ends a request after this, whatever the function may take. */
const gatewaySeconds = 29;

describe.each(insideFunctions)('the time limits of %s', (name) => {
  const limits = timeLimits(name);
  const timeout = timeoutSeconds[name] * 1_000;

  it('end every wait before Lambda ends the function, connecting and one query together', () => {
    for (const limit of Object.values(limits)) expect(limit).toBeLessThanOrEqual(timeout);
    expect(limits.connect + limits.query).toBeLessThan(timeout);
    expect(limits.connect).toBeGreaterThanOrEqual(2_500);
  });

  it('let the server end a wait first, so that it says which: the lock, then the statement, then the client', () => {
    expect(limits.lock).toBeLessThan(limits.statement);
    expect(limits.query).toBe(limits.statement + 1_000);
    expect(limits.lock).toBeGreaterThanOrEqual(2_000);
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

it('`state` waits for a connection of its role no longer than leaves the last try its time', () => {
  const limits = timeLimits('state');
  const patience = patienceOf(limits, timeoutSeconds.state * 1_000);
  expect(patience).toBeGreaterThanOrEqual(1_000);
  expect(patience + limits.connect + limits.query).toBeLessThan(timeoutSeconds.state * 1_000);
});

it('migrations and maintenance have minutes for a statement, and wait a minute for a lock', () => {
  for (const name of ['migrate', 'maintain'] as const)
    expect(timeLimits(name)).toMatchObject({ statement: 270_000, lock: 60_000 });
});
