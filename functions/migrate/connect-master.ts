import { setTimeout as sleep } from 'node:timers/promises';

/** Neither way of logging in as the master user works. */
export class MasterLoginError extends Error {
  override readonly name = 'MasterLoginError';
  constructor(cause: unknown) {
    super(
      'The database accepts neither the password nor an IAM token of its master user, so its roles cannot be made. Compare the secret with the database, or reset the master password in RDS, then deploy again.',
      { cause },
    );
  }
}

/**
 * Connects as the master user: by password, or by IAM token when the password is refused.
 *
 * The creator of a role becomes its member (PostgreSQL 16 and later), and RDS accepts no password from direct or
 * indirect members of `rds_iam`. So the password works until the roles exist, and the token from then on.
 */
export async function connectMaster<Connection>(
  password: string,
  token: string,
  connect: (password: string) => Promise<Connection>,
): Promise<Connection> {
  try {
    return await connect(password);
  } catch (error) {
    if (!refused(error)) throw error;
  }
  try {
    return await connect(token);
  } catch (error) {
    throw refused(error) ? new MasterLoginError(error) : error;
  }
}

/** How long, and how often, a login that is refused is tried again. */
const patienceMs = 60_000;
const pauseMs = 2_000;

/**
 * Runs `work`, again while the server refuses the login, for a minute: on a first deployment the role's right to a token
 * (`rds-db:connect`) is seconds old, and IAM takes a while to know it everywhere.
 */
export async function onceLetIn<T>(
  work: () => Promise<T>,
  wait: (ms: number) => Promise<unknown> = sleep,
  now: () => number = Date.now,
): Promise<T> {
  const until = now() + patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!refused(error) || now() >= until) throw error;
      await wait(pauseMs);
    }
  }
}

/** SQLSTATE class 28: the server refuses the login. RDS says 28000, "PAM authentication failed". */
function refused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('28');
}
