import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import * as z from 'zod';
import { type CredentialsState, credentialsStateSchema } from '../core/contracts/http/operations.ts';
import { parseJson } from '../core/contracts/parse-json.ts';
import type { Api } from './api.ts';
import { type Common, carryOut, newCommand } from './command.ts';
import { CommandError, exitCodes } from './problems.ts';

const pathOf = (sourceId: string) => `/sources/${encodeURIComponent(sourceId)}/credentials`;

/** `quotron credentials`: sets, shows or deletes the credentials of a source. */
export function credentialsCommand(): Command {
  const showState =
    (work: (sourceId: string, api: Api) => Promise<CredentialsState>) => (source: string, options: Common) =>
      carryOut(options, async ({ api, out }) => {
        const state = await work(source, api);
        out.result(state, () => inWords(state));
        return exitCodes.ok;
      });
  return new Command('credentials')
    .description('The API key or login of a source: set it, see whether it is set, delete it')
    .addCommand(
      newCommand('set', 'Set the credentials: prompts for them at a terminal, or reads JSON from standard input', [
        'credentials set alpha-vantage    # prompts without echo',
      ])
        .argument('<source>', 'which source')
        .addHelpText(
          'after',
          '\nThey are never arguments, because arguments show in the process list.\n  echo \'{"apiKey": "…"}\' | quotron credentials set alpha-vantage',
        )
        .action(
          showState(async (sourceId, api) => {
            const { fields } = await api.request('GET', pathOf(sourceId), credentialsStateSchema);
            return api.request('PUT', pathOf(sourceId), credentialsStateSchema, await readFields(fields));
          }),
        ),
    )
    .addCommand(
      newCommand('status', 'Whether they are set and since when; their value is never shown')
        .argument('<source>', 'which source')
        .action(showState((sourceId, api) => api.request('GET', pathOf(sourceId), credentialsStateSchema))),
    )
    .addCommand(
      newCommand('delete', 'Delete them: the source does not run until they are set again')
        .argument('<source>', 'which source')
        .action(showState((sourceId, api) => api.request('DELETE', pathOf(sourceId), credentialsStateSchema))),
    );
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
    throw new CommandError(`Standard input must be a JSON object with the strings ${fields.join(' and ')}.`);
  }
  const read: [string, string][] = [];
  for (const field of fields) read.push([field, await promptHidden(`${field}: `)]);
  // The API says what is missing: a second factor may be.
  return Object.fromEntries(read.filter(([, value]) => value !== ''));
}

/** Reads one line from the terminal without echo. */
function promptHidden(question: string): Promise<string> {
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
