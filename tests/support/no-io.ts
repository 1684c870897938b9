/**
 * Set-up of the project `unit`: what opens a socket or starts a process throws, whoever of the imported modules does it.
 * Files are read all the same: fixtures, and the tree that the tests of the structure look at.
 */
import { ChildProcess } from 'node:child_process';
import net from 'node:net';
import { afterAll } from 'vitest';

/** A unit test tried to reach something outside its process. */
class InputOutputError extends Error {
  override readonly name = 'InputOutputError';
  constructor(what: string) {
    super(
      `A unit test ${what}, and unit tests do no I/O. A test that needs it belongs to tests/component (in process) or tests/contract (against a real service).`,
    );
  }
}

/** The TypeScript compiler is a process of its own. Guards of the structure read types with it. */
const compiler = /\/node_modules\/@typescript\//;

const refuse = (what: string) => () => {
  throw new InputOutputError(what);
};

const spawn: unknown = Reflect.get(ChildProcess.prototype, 'spawn');

function spawnCompiler(this: ChildProcess, options: { readonly file: string }): unknown {
  if (typeof spawn !== 'function' || !compiler.test(options.file)) throw new InputOutputError('starts a process');
  return Reflect.apply(spawn, this, [options]);
}

/** Object, name of its method, and what takes its place. */
const doors = [
  [net.Socket.prototype, 'connect', refuse('opens a connection')],
  [net.Server.prototype, 'listen', refuse('listens on a port')],
  [ChildProcess.prototype, 'spawn', spawnCompiler],
] as const;

const closed = doors.map(([of, name, value]) => {
  const former = Object.getOwnPropertyDescriptor(of, name);
  Object.defineProperty(of, name, { configurable: true, writable: true, value });
  return { of, name, former };
});

// Workers run files of several projects one after the other.
afterAll(() => {
  for (const { of, name, former } of closed) if (former) Object.defineProperty(of, name, former);
});
