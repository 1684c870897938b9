import { HttpResponse } from '@smithy/core/protocols';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { invokeFunction, patientClient } from '../../../core/adapters/lambda/invoke.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => vi.useRealTimers());

/** A Lambda that refuses so many invocations for want of executions, and then answers `"done"`. */
function busyLambda(refusals: number) {
  let asked = 0;
  const answer = (statusCode: number, body: string, headers: Record<string, string> = {}) => ({
    response: new HttpResponse({ statusCode, headers, body: new Blob([body]).stream() }),
  });
  const client = patientClient({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'none' },
    requestHandler: {
      handle: async () => {
        asked += 1;
        return asked > refusals
          ? answer(200, '"done"')
          : answer(429, '{"Reason":"ConcurrentInvocationLimitExceeded"}', {
              'x-amzn-errortype': 'TooManyRequestsException',
            });
      },
    },
  });
  return { client, asked: () => asked };
}

async function invoked(client: ReturnType<typeof patientClient>) {
  let over = false;
  const answer = invokeFunction('quotron-dev-state', {}, client)
    .catch((error: unknown) => (error instanceof Error ? error.name : 'unknown'))
    .finally(() => {
      over = true;
    });
  while (!over) {
    await vi.advanceTimersByTimeAsync(30_000);
    await new Promise(setImmediate);
  }
  return await answer;
}

it('a call that Lambda refuses five times, as all executions of the account are in use, is answered in the end', async () => {
  const { client, asked } = busyLambda(5);
  expect(await invoked(client)).toBe('done');
  expect(asked()).toBe(6);
});

it('a call that it goes on refusing fails, and its message comes back', async () => {
  const { client, asked } = busyLambda(100);
  expect(await invoked(client)).toBe('TooManyRequestsException');
  expect(asked()).toBe(6);
});
