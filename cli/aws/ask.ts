import { createInterface } from 'node:readline/promises';
import { CommandError, usageError } from '../problems.ts';

/** Whether a person can be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/**
 * Asks on stderr and gives the answer. Throws where nobody can be asked: `instead` says which option answers, and throws where
 * the person leaves.
 */
export async function ask(question: string, instead: string): Promise<string> {
  if (!canAsk()) throw usageError(`${question} There is no terminal to ask at: ${instead}`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const left = new AbortController();
  terminal.once('SIGINT', () => left.abort());
  terminal.once('close', () => left.abort());
  try {
    return (await terminal.question(`${question} `, { signal: left.signal })).trim();
  } catch {
    process.stderr.write('\n');
    throw new CommandError('Nothing was changed.');
  } finally {
    terminal.close();
  }
}

/** Asks for a yes. Throws without one. */
export async function askForYes(question: string): Promise<void> {
  const answer = await ask(`${question} [y/N]`, 'add --yes.');
  if (!/^y(es)?$/i.test(answer)) throw new CommandError('Nothing was changed.');
}
