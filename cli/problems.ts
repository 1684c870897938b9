/** What the command ends with. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Something that the person at the keyboard can put right: its message says how. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: ExitCode;
  /** The API's own word for it, if it said one. */
  readonly code: string | null;

  constructor(message: string, exitCode: ExitCode = exitCodes.failed, code: string | null = null) {
    super(message);
    this.exitCode = exitCode;
    this.code = code;
  }
}

/** The command was given what it does not take. */
export function usageError(message: string): CommandError {
  return new CommandError(message, exitCodes.usage, 'usage');
}
