import { text } from 'node:stream/consumers';
import { Argument, Command } from 'commander';
import { type AlertChannelView, alertChannelSchema, newAlertChannelSchema } from '../core/contracts/http/alerts.ts';
import { channelKinds } from '../core/contracts/words/alerts.ts';
import { type Common, carryOut, carryOutEach, newCommand } from './command.ts';
import { limitOption } from './options.ts';
import { distance, safe, status, table } from './output.ts';
import { exitCodes } from './problems.ts';

/** `quotron alerts channels`: where alerts go. */
export function channelsCommand(): Command {
  return new Command('channels')
    .description('Where alerts go: webhooks, Slack, ntfy and mail')
    .addCommand(list(), { isDefault: true })
    .addCommand(add())
    .addCommand(change('remove', 'Remove channels with their secrets'))
    .addCommand(change('start', 'Send to channels again, also to those that were switched off'))
    .addCommand(change('stop', 'Send to channels no more'));
}

function list(): Command {
  return newCommand('list', 'Channels, newest first', ['alerts channels'])
    .addOption(limitOption(100))
    .action((options: Common & { limit: number }) =>
      carryOut(options, async ({ api, out }) => {
        const found = await api.list('/alerts/channels', {}, alertChannelSchema, options.limit);
        out.result(found, () =>
          found.length === 0 ? 'There is no channel: quotron alerts channels add --help' : channelsTable(found),
        );
        return found.some(({ disabled }) => disabled !== null && disabled !== 'person')
          ? exitCodes.failed
          : exitCodes.ok;
      }),
    );
}

function channelsTable(channels: readonly AlertChannelView[]): string {
  return table(
    ['id', 'name', 'kind', 'leads to', 'state', 'why', 'last delivered'],
    channels.map((channel) => [
      channel.id,
      safe(channel.name),
      channel.kind,
      safe(channel.target),
      status(channel.state),
      channel.disabled ?? channel.lastError ?? '–',
      distance(channel.lastDeliveredAt),
    ]),
    40,
  );
}

function add(): Command {
  return newCommand('add', 'Add a channel; the secret of a webhook is shown only once', [
    'alerts channels add webhook https://example.com/hooks/quotron --name ops',
    'alerts channels add slack - < slack-address.txt',
    'alerts channels add ntfy https://ntfy.sh/my-topic',
    'alerts channels add email anna@example.com',
  ])
    .addArgument(new Argument('<kind>', 'what it is').choices(channelKinds))
    .argument('<address>', 'where it leads; - reads it from standard input, as it is often a secret')
    .option('--name <name>', 'what it is called')
    .option('--token <token>', 'access token of the server of ntfy')
    .action((kind: string, address: string, options: Common & { name?: string; token?: string }) =>
      carryOut(options, async ({ api, out }) => {
        const leads = address === '-' ? (await text(process.stdin)).trim() : address;
        const body = {
          ...{ kind, name: options.name ?? kind },
          ...(kind === 'email' ? { address: leads } : { url: leads }),
          ...(options.token === undefined ? {} : { token: options.token }),
        };
        const made = await api.request('POST', '/alerts/channels', newAlertChannelSchema, body);
        if (made.secret !== null) out.progress('Store the secret now: it is not shown again.');
        out.result(made, () => [made.id, ...(made.secret === null ? [] : [made.secret])].join('\n'));
        return exitCodes.ok;
      }),
    );
}

function change(verb: 'remove' | 'start' | 'stop', description: string): Command {
  return carryOutEach(
    newCommand(verb, description, [`alerts channels ${verb} <id>`]),
    'channels, as `alerts channels` names them',
    (id, api) => {
      const path = `/alerts/channels/${encodeURIComponent(id)}`;
      return verb === 'remove'
        ? api.request('DELETE', path, alertChannelSchema)
        : api.request('POST', `${path}/${verb}`, alertChannelSchema);
    },
    (changed) =>
      verb === 'remove' ? changed.map(({ name }) => `${safe(name)} is removed.`).join('\n') : channelsTable(changed),
  );
}
