import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import * as z from 'zod';
import { type CredentialsState, credentialsStateSchema } from '../core/contracts/http/operations.ts';
import { type Api, apiOf, CommandError } from './api.ts';

const pathOf = (sourceId: string) => `/sources/${encodeURIComponent(sourceId)}/credentials`;

/** `quotron credentials`: sets, shows the state of, and takes away what a source needs to be asked. */
export function credentialsCommand(): Command {
  const api = () => apiOf(process.env, process.cwd());
  const told = (work: (sourceId: string, api: Api) => Promise<CredentialsState>) => async (sourceId: string) => {
    try {
      process.stdout.write(`${inWords(await work(sourceId, api()))}\n`);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    }
  };
  const command = new Command('credentials').description('The API key or login that a source needs');
  command
    .command('set <source>')
    .description('Set them: asked for at a terminal, or read as JSON from standard input')
    .addHelpText(
      'after',
      '\nThey are never arguments: those show in the list of processes.\n  echo \'{"apiKey": "…"}\' | quotron credentials set alpha-vantage',
    )
    .action(
      told(async (sourceId, to) => {
        const { fields } = await to.ask('GET', pathOf(sourceId), credentialsStateSchema);
        return to.ask('PUT', pathOf(sourceId), credentialsStateSchema, await readFields(fields));
      }),
    );
  command
    .command('status <source>')
    .description('Whether they are set, and since when; what they are is never shown')
    .action(told((sourceId, of) => of.ask('GET', pathOf(sourceId), credentialsStateSchema)));
  command
    .command('delete <source>')
    .description('Take them away: the source is not run until they are set again')
    .action(told((sourceId, of) => of.ask('DELETE', pathOf(sourceId), credentialsStateSchema)));
  return command;
}

function inWords({ sourceId, isSet, changedAt, hint }: CredentialsState): string {
  const since = changedAt === null ? '' : ` since ${changedAt}`;
  return isSet
    ? `The credentials of ${sourceId} are set${since}.`
    : `The credentials of ${sourceId} are not set${since}. ${hint ?? ''}`.trim();
}

async function readFields(fields: readonly string[]): Promise<Record<string, string>> {
  if (!process.stdin.isTTY) {
    const given = z.record(z.string(), z.string()).safeParse(parseJson(await text(process.stdin)));
    if (given.success) return given.data;
    throw new CommandError(`Standard input is no JSON object of texts with ${fields.join(' and ')}.`);
  }
  const read: Record<string, string> = {};
  for (const field of fields) read[field] = await hidden(`${field}: `);
  return read;
}

function parseJson(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    return undefined;
  }
}

/** One line from the terminal that does not show what is typed. */
function hidden(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.resume();
  return new Promise((resolve, reject) => {
    let typed = '';
    const end = (work: () => void) => {
      stdin.off('data', read);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
      work();
    };
    const read = (chunk: Buffer) => {
      for (const char of chunk.toString('utf8')) {
        if (char === '\r' || char === '\n') return end(() => resolve(typed));
        if (char === '\u0003' || char === '\u0004') return end(() => reject(new CommandError('Nothing was set.')));
        typed = char === '\u007f' || char === '\b' ? typed.slice(0, -1) : typed + char;
      }
    };
    stdin.on('data', read);
  });
}
