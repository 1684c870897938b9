import type { Command } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quotronProgram } from '../../../cli/program.ts';
import { useCli } from '../../support/cli-in-process.ts';
import { fuzzRuns } from '../../support/fuzz-runs.ts';

const cli = useCli();

/** Commands that wait, listen, open or read what these tests have not. */
const left =
  /^(proxy|migrate|open|logs|doctor|credentials|test|recover|run|start|stop|continue|diagnose|watch|status|completion)$/;

const commands = quotronProgram().commands.filter((command) => !left.test(command.name()));
const paths = commands.flatMap((command) => pathsOf(command, []));

function pathsOf(command: Command, before: readonly string[]): { path: readonly string[]; command: Command }[] {
  const path = [...before, command.name()];
  return [{ path, command }, ...command.commands.flatMap((each) => pathsOf(each, path))];
}

/** Texts that steer terminals, shells and URLs. */
const hostile = fc.oneof(
  fc.constantFrom(
    '\u001b[2J',
    '\u001b]0;x\u0007',
    '\u009b1m',
    '../..',
    '%00',
    '?a=b#c',
    '__proto__',
    '‮abc',
    "'; ls",
    '--',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !text.includes('\0')),
  fc.constantFrom('AAPL', '1', '10', 'yahoo', '2024-01-01', '3d', '0198a7c0-0000-5000-8000-000000000001'),
);

const argumentsOf = fc.constantFrom(...paths).chain(({ path, command }) => {
  const names = command.options.flatMap(({ long }) => (long && long !== '--wait' ? [long] : []));
  const option = fc.tuple(fc.constantFrom('--json', ...names), fc.option(hostile, { nil: undefined }));
  return fc.tuple(fc.array(hostile, { maxLength: 3 }), fc.array(option, { maxLength: 3 })).map(([words, options]) => [
    ...path,
    // A lone dash reads standard input.
    ...words.filter((word) => word !== '-'),
    ...options.flatMap(([name, value]) => (value === undefined || value === '-' ? [name] : [name, value])),
  ]);
});

const id = '0198a7c0-0000-5000-8000-000000000001';
const at = '2026-11-22T19:40:00.000Z';

/** Answers of an API that passes on what sources wrote, or answers anything. */
function answersWith(text: string, anything: unknown): Record<string, unknown> {
  const instrument = {
    symbol: text,
    name: text,
    assetClass: 'equity',
    mic: text,
    exchange: text,
    currency: text,
    zone: text,
  };
  return {
    'GET /instruments': [instrument],
    'GET /runs': [
      {
        ...{ id, sourceId: text, job: text, trigger: 'manual', status: 'failed', reason: 'down', dueAt: at },
        ...{ createdAt: at, finishedAt: null, tasks: 1, accepted: 0, rejected: 0 },
      },
    ],
    'POST /quotes/batch': [
      { symbol: text, quote: null, error: { code: 'unknown_symbol', detail: text, retryable: false } },
    ],
    'GET /keys': anything,
    'GET /incidents': anything,
    'GET /imports': anything,
    'GET /quarantine': anything,
  };
}

describe('any arguments', () => {
  it('end with 0, 1 or 2, and print nothing that steers the terminal', async () => {
    await fc.assert(
      fc.asyncProperty(argumentsOf, hostile, fc.jsonValue(), async (args, text, anything) => {
        Object.assign(cli.answers, answersWith(text, anything));
        const { code, stdout, stderr } = await cli.ask(...args);
        expect([0, 1, 2]).toContain(code);
        // What a person typed may be repeated by the parser of arguments, which is on the person's own terminal.
        const typed = args.join('');
        const steering = [...`${stdout}${stderr}`].filter(
          (char) => /[\p{Cc}\u202e]/u.test(char) && !/[\n\t\r]/.test(char),
        );
        expect(steering.filter((char) => !typed.includes(char))).toEqual([]);
        if (args.includes('--json') && !args.includes('--csv') && stdout !== '' && !stdout.startsWith('Usage:'))
          expect(() => JSON.parse(stdout)).not.toThrow();
      }),
      { numRuns: fuzzRuns(150) },
    );
  }, 3_600_000);
});
