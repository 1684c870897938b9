/** Runs the recipes of docs/clients as they are printed, with the packages that they name. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root } from '../../../localstack/state-folder.ts';
import { sectionsOf } from '../../support/doc-examples.ts';
import { installedPython, run } from '../install.ts';
import { installYahooFinance2 } from '../yahoo-clients.ts';

const page = join(root, 'docs', 'clients', 'README.md');
const requirements = [join(import.meta.dirname, 'requirements.txt')];

/** What a reader has installed: a virtual environment of Python, and a folder with yahoo-finance2. */
export interface Packages {
  readonly python: string;
  readonly modules: string;
}

/** Installs the clients of the recipes that are of PyPI and npm. */
export async function installPackages(): Promise<Packages> {
  const [python, { modules }] = await Promise.all([
    installedPython('recipes', requirements, 'the clients of docs/clients', 840_000),
    installYahooFinance2(),
  ]);
  return { python, modules };
}

/** The clients with a recipe, in the order of the page. */
export const clients: readonly string[] = sectionsOf(readFileSync(page, 'utf8')).map(({ title }) => title);

/** Where a client connects, and how it gets there. */
export interface Reader {
  readonly packages: Packages;
  readonly env: Readonly<Record<string, string>>;
  /** What stands before the command. */
  readonly within?: readonly string[];
}

/** Runs the programs of a client's recipe in a home of their own. Gives what they printed. */
export async function runRecipe(client: string, { packages, env, within = [] }: Reader): Promise<string> {
  const blocks = sectionsOf(readFileSync(page, 'utf8')).find(({ title }) => title === client)?.blocks ?? [];
  const home = mkdtempSync(join(tmpdir(), 'quotron-recipe-'));
  const printed: string[] = [];
  try {
    symlinkSync(packages.modules, join(home, 'node_modules'));
    mkdirSync(join(home, 'tmp'));
    for (const [at, { language, code }] of blocks.entries()) {
      const command = commandOf(language, packages);
      if (command === null) continue;
      const file = join(home, `recipe-${at}.${{ python: 'py', js: 'mjs', r: 'R', perl: 'pl' }[language] ?? 'sh'}`);
      writeFileSync(file, `${code}\n`);
      const [program = '', ...args] = [...within, ...command, file];
      const path = [join(packages.python, 'bin'), join(root, 'node_modules', '.bin'), process.env['PATH']];
      printed.push(
        await run(program, args, `the recipe for ${client} failed`, {
          cwd: home,
          env: { HOME: home, TMPDIR: join(home, 'tmp'), LANG: 'C.UTF-8', PATH: path.join(delimiter), ...env },
        }),
      );
    }
    if (printed.length === 0) throw new Error(`docs/clients has no recipe for ${client} that can be run.`);
    return printed.join('\n');
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** What runs a file of a language; `null` for what is shown only. */
function commandOf(language: string, { python }: Packages): readonly string[] | null {
  const commands: Readonly<Record<string, readonly string[]>> = {
    python: [join(python, 'bin', 'python'), '-W', 'ignore'],
    js: [process.execPath],
    sh: ['bash', '-eu'],
    perl: ['perl'],
    r: ['Rscript'],
  };
  return commands[language] ?? null;
}
