import { type Command, Option } from 'commander';
import { rawAnswerSchema, shownBodyBytes } from '../core/contracts/http/raw-answers.ts';
import { type Common, carryOut, newCommand } from './command.ts';
import { numberOption } from './options.ts';
import { count, safe, table } from './output.ts';
import { exitCodes, usageError } from './problems.ts';

interface AnswersOptions extends Common {
  readonly part?: number;
}

/** `quotron answers`: what a run asked and what came; with a number, the body of one answer as text. */
export function answersCommand(): Command {
  return newCommand('answers', 'Raw answers of a run: which there are, or the body of one as text', [
    'answers 431e6a68-f5c2-513d-be3a-4c12434b7dcd',
    'answers 431e6a68-f5c2-513d-be3a-4c12434b7dcd 0 > answer.txt',
  ])
    .argument('<run>', 'the id of the run')
    .argument('[n]', 'which answer, from 0')
    .addOption(new Option('--part <part>', 'one part of the run').argParser(numberOption(100_000, 0)))
    .action((run: string, n: string | undefined, options: AnswersOptions) =>
      carryOut(options, async ({ api, out }) => {
        const query = options.part === undefined ? '' : `?part=${options.part}`;
        const path = `/runs/${encodeURIComponent(run)}/answers`;
        if (n === undefined) {
          const answers = await api.request('GET', path + query, rawAnswersSchema);
          out.result(answers, () => (answers.length === 0 ? 'No raw answer of this run was kept.' : rows(answers)));
          return exitCodes.ok;
        }
        if (!/^\d{1,6}$/.test(n)) throw usageError('Answers are counted from 0: `quotron answers <run>` lists them.');
        const body = await api.text(`${path}/${n}${query}`, 'text/plain');
        const cut = Buffer.byteLength(body) >= shownBodyBytes - 3;
        if (cut) out.progress('This is the first MB of it.');
        out.result({ n: Number(n), body }, () => shown(body));
        return exitCodes.ok;
      }),
    );
}

const rawAnswersSchema = rawAnswerSchema.array();

function rows(answers: readonly (typeof rawAnswersSchema)['_output'][number][]): string {
  return table(
    ['n', 'part', 'attempt', 'status', 'bytes', 'request'],
    answers.map(({ n, part, attempt, status, bytes, truncated, error, method, url }) => [
      String(n),
      String(part),
      String(attempt),
      status === null ? (error ?? 'none') : String(status),
      `${count(bytes, 'byte')}${truncated ? ', cut' : ''}`,
      safe(`${method} ${url}`),
    ]),
  );
}

/** At a terminal line by line with control characters escaped; in a file or pipe as it came. */
function shown(body: string): string {
  return process.stdout.isTTY ? body.split(/\r?\n/).map(safe).join('\n') : body;
}
