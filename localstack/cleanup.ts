import { messageOf } from './problem.ts';

/** What must be stopped, in reverse order. */
export class Cleanup {
  readonly #stops: (() => Promise<void>)[] = [];
  #running: Promise<string[]> | undefined;

  add(stop: () => Promise<void>): void {
    this.#stops.push(stop);
  }

  get empty(): boolean {
    return this.#stops.length === 0;
  }

  /** Stops everything; returns what could not be stopped. The second call waits for the first. */
  run(): Promise<string[]> {
    this.#running ??= (async () => {
      const problems: string[] = [];
      for (let stop = this.#stops.pop(); stop !== undefined; stop = this.#stops.pop())
        await stop().catch((error: unknown) => problems.push(messageOf(error)));
      return problems;
    })();
    return this.#running;
  }
}
