import { expect, it } from 'vitest';
import { asyncApiDocument } from '../../../core/contracts/events/asyncapi.ts';
import type { QuotronEvent } from '../../../core/contracts/events/event.ts';
import { localInstallation } from '../../../core/contracts/installation.ts';
import { inEnvelope, outgoing, sendable } from '../../../core/events/envelope.ts';
import { keyOf } from '../../../core/events/key.ts';
import { isChecked } from '../../../core/events/outbox-row.ts';

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

it.each<QuotronEvent>([
  {
    type: 'recovery.finished',
    data: { recoveryId: '1', sourceId: 'yahoo', status: 'verified', reason: null, message: '"é\n' },
  },
  {
    type: 'price.disputed',
    data: {
      ...{ sourceId: 'alpha-vantage', block: 3, listingId: 601, symbol: 'A"B', spread: '0.1', candidates: 2 },
      origin: 'live',
    },
  },
  {
    type: 'channel.disabled',
    data: {
      ...{ channelId: '1b4a8f0e-6a55-4b58-9b5e-3f4a3e3f9c11', name: 'desk', kind: 'slack', because: 'person' },
      at: '2026-11-30T12:00:00.000Z',
    },
  },
])('put around the text of the data, the envelope of $type is the same as put around what they say', (event) => {
  const of = { id: '1b4a8f0e-6a55-4b58-9b5e-3f4a3e3f9c11', position: '7' };
  const at = new Date('2026-11-30T12:00:00.014Z');
  const written = {
    ...of,
    at: at.toISOString(),
    type: event.type,
    key: keyOf(event),
    data: JSON.stringify(event.data),
  };
  expect(isChecked(written)).toBe(true);
  expect(outgoing(written, localInstallation)).toEqual(sendable(inEnvelope({ ...of, at, event }, localInstallation)));
});

it('data of a former release are read: their key or their type is another, or they come as JSON', () => {
  const row = { ...{ id: 'x', position: '7', at: '', type: 'quotes.stored' }, key: 'yahoo/3', data: '{}' };
  expect(isChecked(row)).toBe(true);
  expect(isChecked({ ...row, key: 'yahoo' })).toBe(false);
  expect(isChecked({ ...row, type: 'source.health_changed', key: 'yahoo' })).toBe(false);
  expect(isChecked({ ...row, data: {} })).toBe(false);
});
