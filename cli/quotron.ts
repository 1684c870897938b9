import { Command } from 'commander';
import { credentialsCommand } from './credentials.ts';
import { proxyCommand } from './proxy.ts';

/** The `quotron` command. Each subcommand has a file of its own. */
await new Command('quotron')
  .description('Your own market-data service')
  .addCommand(credentialsCommand())
  .addCommand(proxyCommand())
  .showHelpAfterError()
  .parseAsync();
