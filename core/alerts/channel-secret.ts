import * as z from 'zod';
import type { CreateChannel } from '../contracts/http/alerts.ts';

/** What is sealed of a channel: where it leads, with its secrets. */
export const channelSecretSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('webhook'), url: z.url(), secret: z.string() }),
  z.object({ kind: z.literal('slack'), url: z.url() }),
  z.object({ kind: z.literal('ntfy'), url: z.url(), token: z.string().nullable() }),
  z.object({ kind: z.literal('email'), address: z.email() }),
]);
export type ChannelSecret = z.output<typeof channelSecretSchema>;

/** What is sealed of a new channel. `secret` is that of a webhook. */
export function channelSecretOf(channel: CreateChannel, secret: string | null): ChannelSecret {
  switch (channel.kind) {
    case 'webhook':
      return { kind: channel.kind, url: channel.url, secret: secret ?? '' };
    case 'slack':
      return { kind: channel.kind, url: channel.url };
    case 'ntfy':
      return { kind: channel.kind, url: channel.url, token: channel.token };
    case 'email':
      return { kind: channel.kind, address: channel.address };
  }
}

/** What people may see of where a channel leads: the rest of an address is often its secret. */
export function shownTarget(channel: CreateChannel): string {
  if ('url' in channel) return new URL(channel.url).host;
  const [name = '', domain = ''] = channel.address.split('@');
  return `${name.slice(0, 1)}…@${domain}`;
}
