/** Shows steps and their times: with listr2 in a terminal, as plain lines elsewhere. */
import { Listr, PRESET_TIMER } from 'listr2';
import { messageOf } from './problem.ts';

/** One step of the start. Its value is available once it has run. */
export class Step<T> {
  readonly title: string;
  readonly #work: (say: (line: string) => void) => Promise<T>;
  readonly #describe: (value: T) => string;
  #done: { readonly value: T } | undefined;
  /** Resolves when the work has ended, successfully or not. */
  settled: Promise<void> = Promise.resolve();

  constructor(title: string, work: (say: (line: string) => void) => Promise<T>, describe: (value: T) => string) {
    this.title = title;
    this.#work = work;
    this.#describe = describe;
  }

  /** Does the work; returns its result in words. */
  async run(say: (line: string) => void): Promise<string> {
    const working = this.#work(say);
    this.settled = working.then(
      () => undefined,
      () => undefined,
    );
    const value = await working;
    this.#done = { value };
    return this.#describe(value);
  }

  get value(): T {
    if (this.#done === undefined) throw new Error(`the step "${this.title}" has not been done`);
    return this.#done.value;
  }
}

/** The part of a step that its display needs. */
type Shown = Pick<Step<never>, 'title' | 'run' | 'settled'>;

/** Runs steps at the same time. When one fails, waits for the others to end, then throws its error. */
export type RunSteps = (steps: readonly Shown[]) => Promise<void>;

/** In a terminal: an animated line per step, with its time. */
export function interactive(): RunSteps {
  return async (steps) => {
    const list = new Listr(
      steps.map((step) => ({
        title: step.title,
        task: async (_context, task) => {
          const result = await step.run((line) => {
            task.output = line;
          });
          task.title = result === '' ? step.title : `${step.title}: ${result}`;
        },
      })),
      {
        concurrent: true,
        exitOnError: true,
        // Signals are handled by the cleanup.
        registerSignalListeners: false,
        renderer: 'default',
        rendererOptions: { timer: PRESET_TIMER, showErrorMessage: false, collapseErrors: false },
      },
    );
    try {
      await list.run();
    } finally {
      await Promise.all(steps.map((step) => step.settled));
    }
  };
}

/** Plain lines, each written when its step is done. */
export function plain(write: (line: string) => void): RunSteps {
  return async (steps) => {
    const results = await Promise.allSettled(
      steps.map(async (step) => {
        const started = performance.now();
        const time = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
        try {
          const result = await step.run((line) => write(`  ${step.title}: ${line}`));
          write(`✔ ${step.title}${result === '' ? '' : `: ${result}`} (${time()})`);
        } catch (error) {
          write(`✖ ${step.title} (${time()})`);
          throw error;
        }
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined)
      throw failed.reason instanceof Error ? failed.reason : new Error(messageOf(failed.reason));
  };
}
