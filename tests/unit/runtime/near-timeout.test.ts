import type { Context } from 'aws-lambda';
import { expect, it, vi } from 'vitest';
import { observed } from '../../../core/runtime/observe.ts';

/** What an invocation writes that has a minute, and `left` milliseconds of it at its end. */
async function writtenWith(left: number, handle: () => Promise<string>): Promise<string> {
  const lines: string[] = [];
  const written = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  let now = 60_000;
  const context: Partial<Context> = { getRemainingTimeInMillis: () => now };
  const invoke = observed(() => {
    now = left;
    return handle();
  });
  // Middy's own type wants a whole context; the handler reads only this of it.
  await Promise.resolve(invoke({}, context as Context)).catch(() => undefined);
  written.mockRestore();
  return lines.join('\n');
}

const fine = async () => 'done';
const fails = async () => {
  throw new Error('late');
};

it.each([
  ['a tenth of its time left', 6_000, fine, false],
  ['less than that left', 5_999, fine, true],
  ['less than that left when it fails', 100, fails, true],
] as const)('an invocation that ends with %s', async (_, left, handle, counted) => {
  expect((await writtenWith(left, handle)).includes('"NearTimeout":1')).toBe(counted);
});
