import { Command } from 'commander';
import { version } from '../core/contracts/version.ts';
import { alertsCommand } from './alerts.ts';
import { answersCommand } from './answers.ts';
import { backfillCommand } from './backfill.ts';
import { barsCommand } from './bars.ts';
import { completionCommand } from './completion.ts';
import { continueCommand } from './continue.ts';
import { coverageCommand } from './coverage.ts';
import { credentialsCommand } from './credentials.ts';
import { deployCommand } from './deploy.ts';
import { destroyCommand } from './destroy.ts';
import { diagnoseCommand } from './diagnose.ts';
import { doctorCommand } from './doctor.ts';
import { etlCommand } from './etl.ts';
import { exchangesCommand } from './exchanges.ts';
import { exportCommand } from './export.ts';
import { findingsCommand } from './findings.ts';
import { healthCommand } from './health.ts';
import { incidentsCommand } from './incidents.ts';
import { instrumentsCommand } from './instruments.ts';
import { keysCommand } from './keys.ts';
import { listingsCommand } from './listings.ts';
import { logsCommand } from './logs.ts';
import { migrateCommand } from './migrate.ts';
import { openCommand } from './open.ts';
import { proxyCommand } from './proxy.ts';
import { quarantineCommand } from './quarantine.ts';
import { quoteCommand } from './quote.ts';
import { recoverCommand } from './recover.ts';
import { runCommand } from './run.ts';
import { runsCommand } from './runs.ts';
import { startCommand } from './start.ts';
import { statusCommand } from './status.ts';
import { stopCommand } from './stop.ts';
import { testCommand } from './test.ts';
import { watchListCommand } from './watch.ts';

/** All commands. Parsing throws a `CommanderError` for a wrong call and for help; it never exits the process. */
export function quotronProgram(): Command {
  const program = new Command('quotron')
    .description('Your own market-data service')
    .version(version)
    .addHelpText(
      'after',
      `
It talks to the local cloud that runs in this folder or checkout (.quotron/local.json), or to the one at QUOTRON_URL with
the key in QUOTRON_API_KEY. Results go to stdout, as JSON with --json; progress and warnings go to stderr.

Exits with 0 when all is well, 1 when something is unhealthy or failed, 2 when it was called wrongly.`,
    );
  const commands = [
    statusCommand(),
    healthCommand(),
    quoteCommand(),
    barsCommand(),
    instrumentsCommand(),
    exchangesCommand(),
    openCommand(),
    doctorCommand(),
    logsCommand(),
    testCommand(),
    runCommand(),
    runsCommand(),
    incidentsCommand(),
    startCommand(),
    stopCommand(),
    recoverCommand(),
    continueCommand(),
    answersCommand(),
    diagnoseCommand(),
    quarantineCommand(),
    findingsCommand(),
    alertsCommand(),
    coverageCommand(),
    listingsCommand(),
    watchListCommand(),
    backfillCommand(),
    exportCommand(),
    etlCommand(),
    credentialsCommand(),
    keysCommand(),
    deployCommand(),
    destroyCommand(),
    migrateCommand(),
    proxyCommand(),
    completionCommand(() => program),
  ];
  for (const command of commands) program.addCommand(command);
  makeStrict(program);
  return program;
}

function makeStrict(command: Command): void {
  command.exitOverride().showHelpAfterError('(see --help)');
  for (const each of command.commands) makeStrict(each);
}
