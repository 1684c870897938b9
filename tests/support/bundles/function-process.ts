import { type ChildProcess, fork } from 'node:child_process';
import { z } from 'zod';

export const workerOrderSchema = z.object({ id: z.int(), events: z.array(z.unknown()), answers: z.boolean() });
export const workerReplySchema = z.object({
  id: z.int(),
  cpuMicros: z.number(),
  answers: z.array(z.unknown()),
  error: z.string().nullable(),
  /** The name of the error, as Lambda gives it to whoever invoked the function. */
  errorType: z.string().nullable(),
});
export type WorkerReply = z.infer<typeof workerReplySchema>;

/** What a function threw. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError';
  readonly errorType: string;

  constructor(message: string, errorType: string) {
    super(message);
    this.errorType = errorType;
  }
}

/** A function that runs in a process of its own. */
export interface FunctionProcess {
  readonly pid: number;
  /** False from the moment that it has ended, however it did. */
  readonly alive: boolean;
  /** `SIGKILL` ends it at once; `SIGSTOP` lets it sleep until `SIGCONT`. */
  kill(signal: NodeJS.Signals): void;
  /** Has it answer events, one after the other. Gives the processor time in microseconds; throws what it throws. */
  run(events: readonly unknown[]): Promise<number>;
  /** As `run`, and gives the answers. */
  ask(events: readonly unknown[]): Promise<unknown[]>;
  /** The processor time of all calls so far, in microseconds. */
  total(): number;
  stop(): Promise<void>;
}

/** Starts a bundle with the given environment and nothing else of ours. Resolves when its handler is loaded. */
export async function startFunction(bundle: string, env: Readonly<Record<string, string>>): Promise<FunctionProcess> {
  const child = fork(new URL('./function-worker.ts', import.meta.url), [bundle], {
    env: { PATH: process.env['PATH'] ?? '', POWERTOOLS_LOG_LEVEL: 'SILENT', ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  // Functions warn of metrics that were not to be published, thousands of times: only the end is of use, in an error.
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-1_000);
  });
  const waiting = new Map<number, { resolve(reply: WorkerReply): void; reject(error: Error): void }>();
  let last = 0;
  let total = 0;
  const reply = (id: number) =>
    new Promise<WorkerReply>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
    });
  child.on('message', (message) => {
    const given = workerReplySchema.parse(message);
    const waiter = waiting.get(given.id);
    waiting.delete(given.id);
    total += given.cpuMicros;
    if (given.error === null) waiter?.resolve(given);
    else waiter?.reject(new FunctionError(`${bundle} failed: ${given.error}`, given.errorType ?? 'Error'));
  });
  child.once('exit', (code, signal) => {
    const how = signal === null ? `with code ${code}` : `by ${signal}`;
    for (const { reject } of waiting.values()) reject(new Error(`${bundle} ended ${how}: ${said}`));
  });
  // What it was told at the instant of its end.
  child.on('error', () => undefined);
  const send = (events: readonly unknown[], answers: boolean) => {
    const id = ++last;
    const answer = reply(id);
    child.send({ id, events: [...events], answers });
    return answer;
  };
  await reply(0);
  return {
    pid: child.pid ?? 0,
    get alive() {
      return child.exitCode === null && child.signalCode === null;
    },
    kill: (signal) => void child.kill(signal),
    run: async (events) => (await send(events, false)).cpuMicros,
    ask: async (events) => (await send(events, true)).answers,
    total: () => total,
    stop: () => stop(child),
  };
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill();
  return gone;
}
