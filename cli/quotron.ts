import { CommanderError } from 'commander';
import { CommandError, exitCodes } from './problems.ts';
import { quotronProgram } from './program.ts';

/*
 * The `quotron` command. Each subcommand has a file of its own.
 *
 * It ends with 0 when all is well, 1 when something is unwell or failed, 2 when it was called in a wrong way.
 */
const json = process.argv.slice(2).includes('--json');
// Who reads may stop reading: `quotron status | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? exitCodes.ok);
  throw error;
});
try {
  await quotronProgram().parseAsync();
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

function tellAsJson(code: string | null, message: string): void {
  process.stdout.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`);
}
