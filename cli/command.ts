import { Command } from 'commander';
import { type Api, apiOf } from './api.ts';
import { type Output, outputOf, safe } from './output.ts';
import { type ExitCode, exitCodes } from './problems.ts';

/** What each command gets. */
export interface Context {
  readonly api: Api;
  readonly out: Output;
}

/** Options of every command. */
export interface Common {
  readonly json?: boolean;
}

/** The folder the user called the command from. `cli/quotron.mjs` passes it on, because the pinned Node runs in the checkout. */
export function currentFolder(): string {
  return process.env['QUOTRON_FOLDER'] ?? process.cwd();
}

/** A command with `--json` and examples in its help. */
export function newCommand(name: string, description: string, examples: readonly string[] = []): Command {
  const command = new Command(name)
    .description(description)
    .option('--json', 'print only the result to stdout, as JSON');
  if (examples.length > 0)
    command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ quotron ${example}`).join('\n')}`);
  return command;
}

/** Runs a command that needs no API, and sets the exit code it returns. */
export async function carryOutAlone({ json = false }: Common, work: (out: Output) => Promise<ExitCode>): Promise<void> {
  process.exitCode = await work(outputOf(json));
}

/**
 * Runs a command and sets the exit code it returns. `quotron.ts` prints what it throws. Adds a note where data are
 * simulated, unless the command says so itself.
 */
export async function carryOut(
  { json = false }: Common,
  work: (context: Context) => Promise<ExitCode>,
  { saysSimulated = false }: { readonly saysSimulated?: boolean } = {},
): Promise<void> {
  const warn = (warning: { message: string }) => out.progress(`Note: ${safe(warning.message)}`);
  const api = apiOf(process.env, currentFolder(), warn);
  const out = outputOf(json, () => api.simulated());
  process.exitCode = await work({ api, out });
  const simulated = api.simulated();
  if (simulated.length > 0 && !saysSimulated)
    out.progress(`Simulated data: the prices of ${simulated.map(safe).join(', ')} are made up.`);
}

/** Gives a command the argument `<ids...>`: it asks the API for one after the other, and prints all that came of it. */
export function carryOutEach<Answer>(
  command: Command,
  help: string,
  ask: (id: string, api: Api) => Promise<Answer>,
  print: (answers: readonly Answer[]) => string,
): Command {
  return command.argument('<ids...>', help).action((ids: string[], options: Common) =>
    carryOut(options, async ({ api, out }) => {
      const answers: Answer[] = [];
      for (const id of ids) answers.push(await ask(id, api));
      out.result(answers, () => print(answers));
      return exitCodes.ok;
    }),
  );
}
