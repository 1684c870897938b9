import { main } from './main.ts';
import { exitCodes } from './problems.ts';

/*
 * The `quotron` command. Each subcommand has a file of its own.
 *
 * It ends with 0 when all is well, 1 when something is unhealthy or failed, 2 when it was called in a wrong way.
 */
// The reader may close the pipe early: `quotron status | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? exitCodes.ok);
  throw error;
});
await main(process.argv.slice(2));
