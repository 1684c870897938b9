import { expect, it } from 'vitest';
import { connectMaster, MasterLoginError, onceLetIn } from '../../../functions/migrate/connect-master.ts';

const refusal = Object.assign(new Error('PAM authentication failed for user "quotron_master"'), { code: '28000' });
const away = Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' });

/** A server that takes what is in `takes`, and remembers what it was shown. */
function server(takes: readonly string[], otherwise: Error = refusal) {
  const shown: string[] = [];
  const connect = async (password: string) => {
    shown.push(password);
    if (!takes.includes(password)) throw otherwise;
    return `connected by ${password}`;
  };
  return { shown, connect };
}
const token = 'token';

it('the first deployment logs in by password', async () => {
  const { connect, shown } = server(['password', 'token']);
  expect(await connectMaster('password', token, connect)).toBe('connected by password');
  expect(shown).toEqual(['password']);
});

it('a later one, when RDS takes no password any more, by token', async () => {
  const { connect } = server(['token']);
  expect(await connectMaster('password', token, connect)).toBe('connected by token');
});

it('when neither is taken, the error says what to do and shows neither', async () => {
  const error = await connectMaster('pa55', token, server([]).connect).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MasterLoginError);
  expect(String(error)).not.toContain('pa55');
});

it('a server that is away is not asked twice', async () => {
  const { connect, shown } = server([], away);
  await expect(connectMaster('password', token, connect)).rejects.toBe(away);
  expect(shown).toEqual(['password']);
});

it('a login that is refused for seconds is tried again for a minute, one that fails otherwise is not', async () => {
  let clock = 0;
  const wait = async (ms: number) => {
    clock += ms;
  };
  const refusedUntil = (end: number) => async () => {
    if (clock < end) throw refusal;
    return 'in';
  };
  expect(await onceLetIn(refusedUntil(9_000), wait, () => clock)).toBe('in');
  expect(clock).toBe(10_000);
  clock = 0;
  await expect(onceLetIn(refusedUntil(300_000), wait, () => clock)).rejects.toBe(refusal);
  expect(clock).toBe(60_000);
  clock = 0;
  await expect(
    onceLetIn(
      () => Promise.reject(away),
      wait,
      () => clock,
    ),
  ).rejects.toBe(away);
  expect(clock).toBe(0);
});
