import { describe, expect, it } from 'vitest';
import { failureSchema } from '../../../core/contracts/failure.ts';
import { outcomeMessageSchema } from '../../../core/contracts/messages.ts';

const outcome = {
  stage: 'scrape',
  runId: '019a9d6e-0000-7000-8000-000000000001',
  part: 0,
  attempt: 1,
  sourceId: 'yahoo',
  ok: false,
  reason: 'down',
  message: 'The source answered 503: it is broken or overloaded.',
  blobKey: null,
  requests: 1,
  latencyMs: 12,
  retryAfterSeconds: null,
  finishedAt: '2026-11-20T10:00:00.000Z',
};

describe('a failure that was stored or sent', () => {
  it('keeps its code and the figures of its code', () => {
    const failure = { reason: 'down', detail: { code: 'http_status', status: 503 }, message: 'It answered 503.' };
    expect(failureSchema.parse(failure)).toEqual(failure);
  });

  it.each([
    ['none, as before there were codes', undefined],
    ['null', null],
    ['a code of a later release', { code: 'struck_by_lightning', volts: 12 }],
    ['a code without its figures', { code: 'http_status' }],
  ])('is unspecified with %s', (_, detail) => {
    expect(failureSchema.parse({ reason: 'down', detail, message: 'x' }).detail).toEqual({ code: 'unspecified' });
  });

  it('has a reason of the list, whatever was stored', () => {
    expect(failureSchema.parse({ reason: 'lightning', message: 'x' }).reason).toBe('unexplained');
  });
});

describe('the outcome of a scrape', () => {
  it('is read without a detail: the former release sends none', () => {
    expect(outcomeMessageSchema.parse(outcome)).toMatchObject({ detail: null });
  });

  it('is read with one, known or not', () => {
    expect(outcomeMessageSchema.parse({ ...outcome, detail: { code: 'http_status', status: 503 } })).toMatchObject({
      detail: { code: 'http_status', status: 503 },
    });
    expect(outcomeMessageSchema.parse({ ...outcome, detail: { code: 'struck_by_lightning' } })).toMatchObject({
      detail: { code: 'unspecified' },
    });
  });
});
