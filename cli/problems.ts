/** Exit codes of the command. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** An error that the user can fix. The message says how. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: ExitCode;
  /** The `code` of the API's problem, where there is one. */
  readonly code: string | null;

  constructor(message: string, exitCode: ExitCode = exitCodes.failed, code: string | null = null) {
    super(message);
    this.exitCode = exitCode;
    this.code = code;
  }
}

/** An error for a wrong call: exit code 2. */
export function usageError(message: string): CommandError {
  return new CommandError(message, exitCodes.usage, 'usage');
}
