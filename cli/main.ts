import { CommanderError } from 'commander';
import { jsonText } from './output.ts';
import { CommandError, exitCodes } from './problems.ts';
import { quotronProgram } from './program.ts';

/** Carries out what the arguments ask for. Sets the exit code: 0, 1 when something is unhealthy or failed, 2 for a wrong call. */
export async function main(args: readonly string[]): Promise<void> {
  const json = args.includes('--json');
  try {
    await quotronProgram().parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said on stderr what is wrong. Help that was asked for is no fault.
      if (json && error.exitCode !== 0) tellAsJson('usage', error.message.replace(/^error: /, ''));
      process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    } else if (error instanceof CommandError) {
      const { message, code } = error;
      if (json) tellAsJson(code, message);
      else process.stderr.write(`${message}\n`);
      process.exitCode = error.exitCode;
    } else throw error;
  }
}

function tellAsJson(code: string | null, message: string): void {
  process.stdout.write(`${jsonText({ error: { code, message } }, 2)}\n`);
}
