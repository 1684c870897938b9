import { Command } from 'commander';
import { type Api, apiOf } from './api.ts';
import { type Output, outputOf, safe } from './output.ts';
import type { ExitCode } from './problems.ts';

/** What a command works with. */
export interface Context {
  readonly api: Api;
  readonly out: Output;
}

/** Options that each command has. */
export interface Common {
  readonly json?: boolean;
}

/** The folder that the person is in: `cli/quotron.mjs` notes it, since the project's Node runs in the checkout. */
export function currentFolder(): string {
  return process.env['QUOTRON_FOLDER'] ?? process.cwd();
}

/** A command with `--json` and examples in its help. */
export function newCommand(name: string, description: string, examples: readonly string[] = []): Command {
  const command = new Command(name)
    .description(description)
    .option('--json', 'the result as JSON on stdout, and nothing else');
  if (examples.length > 0)
    command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ quotron ${example}`).join('\n')}`);
  return command;
}

/** Carries a command out and keeps the code it ends with. What it throws is told by `quotron.ts`. */
export async function carryOut({ json = false }: Common, work: (context: Context) => Promise<ExitCode>): Promise<void> {
  const out = outputOf(json);
  const warn = (warning: { message: string }) => out.progress(`Note: ${safe(warning.message)}`);
  process.exitCode = await work({ api: apiOf(process.env, currentFolder(), warn), out });
}
