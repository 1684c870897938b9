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

const refuse = (what: string) => () => {
  throw new InputOutputError(what);
};

/** Object, name of its method, and what a call of it does. */
const doors = [
  [net.Socket.prototype, 'connect', 'opens a connection'],
  [net.Server.prototype, 'listen', 'listens on a port'],
  [ChildProcess.prototype, 'spawn', 'starts a process'],
] as const;

const closed = doors.map(([of, name, what]) => {
  const former = Object.getOwnPropertyDescriptor(of, name);
  Object.defineProperty(of, name, { configurable: true, writable: true, value: refuse(what) });
  return { of, name, former };
});

// Workers run files of several projects one after the other.
afterAll(() => {
  for (const { of, name, former } of closed) if (former) Object.defineProperty(of, name, former);
});
