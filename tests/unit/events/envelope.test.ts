import { expect, it } from 'vitest';
import { asyncApiDocument } from '../../../core/contracts/events/asyncapi.ts';
import { inEnvelope } from '../../../core/events/envelope.ts';

it('the source of an event names the installation, so that followers of two copies tell their events apart', () => {
  const event = {
    ...{ id: '1b4a8f0e-6a55-4b58-9b5e-3f4a3e3f9c11', position: '7', at: new Date('2026-11-30T12:00:00Z') },
    event: {
      type: 'recovery.finished',
      data: { recoveryId: '1', sourceId: 'yahoo', status: 'verified', reason: null, message: '' },
    },
  } as const;
  const sourceOf = (prefix: string) => inEnvelope(event, { prefix, stage: 'prod' }).source;
  expect([sourceOf('quotron'), sourceOf('acme')]).toEqual(['/quotron/prod', '/acme/prod']);
});

it('the document of the events says where a second copy sends them', () => {
  expect(asyncApiDocument('1')).toMatchObject({
    channels: { topic: { address: '{prefix}-{stage}-events.fifo', parameters: { prefix: { default: 'quotron' } } } },
  });
});
