/** Neither way of logging in as the master user works. */
export class MasterLoginError extends Error {
  override readonly name = 'MasterLoginError';
  constructor(cause: unknown) {
    super(
      'The database takes neither the password nor an IAM token of its master user, so its roles cannot be made. Compare the secret with the database, or reset the master password in RDS, then deploy again.',
      { cause },
    );
  }
}

/**
 * Connects as the master user: by password, and where that is refused by IAM token.
 *
 * Who makes a role becomes a member of it (PostgreSQL 16 and later), and RDS takes no password from members of `rds_iam`,
 * indirect ones too. So the password works until the roles are made, and the token from then on.
 */
export async function connectMaster<Connection>(
  password: string,
  token: () => Promise<string>,
  connect: (password: string) => Promise<Connection>,
): Promise<Connection> {
  try {
    return await connect(password);
  } catch (error) {
    if (!refused(error)) throw error;
  }
  try {
    return await connect(await token());
  } catch (error) {
    throw refused(error) ? new MasterLoginError(error) : error;
  }
}

/** SQLSTATE class 28: the server does not take who we say we are. RDS says 28000, "PAM authentication failed". */
function refused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('28');
}
