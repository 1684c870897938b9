import { Argument, Command, Option } from 'commander';
import {
  type AlertDeliveryView,
  type AlertRuleView,
  alertDeliverySchema,
  alertRuleSchema,
} from '../core/contracts/http/alerts.ts';
import { alertKinds, deliveryStatuses, moveDirections } from '../core/contracts/words/alerts.ts';
import { channelsCommand } from './alert-channels.ts';
import { type Common, carryOut, carryOutEach, newCommand } from './command.ts';
import { limitOption, numberOption } from './options.ts';
import { distance, instant, safe, status, table } from './output.ts';
import { exitCodes, usageError } from './problems.ts';
import { waitFor } from './wait.ts';

interface AddOptions extends Common {
  readonly channel: readonly string[];
  readonly name?: string;
  readonly price?: string;
  readonly rearm?: number;
  readonly percent?: number;
  readonly direction?: string;
  readonly days?: number;
  readonly count?: number;
  readonly source?: string;
  readonly quiet?: string;
}

/** Words of the command line: `price-above`. */
const kindWords = alertKinds.map((kind) => kind.replaceAll('_', '-'));

/** `quotron alerts`: rules, channels and deliveries of alerts. */
export function alertsCommand(): Command {
  return new Command('alerts')
    .description('Alerts on prices and failures: rules, channels, and what was sent')
    .addCommand(list())
    .addCommand(add())
    .addCommand(remove())
    .addCommand(switchRule('start', 'Evaluate rules again'))
    .addCommand(switchRule('stop', 'Evaluate rules no more; they are kept'))
    .addCommand(channelsCommand())
    .addCommand(test())
    .addCommand(deliveries())
    .addCommand(retry());
}

function list(): Command {
  return newCommand('list', 'Rules, newest first', ['alerts list'])
    .addOption(limitOption(100))
    .action((options: Common & { limit: number }) =>
      carryOut(options, async ({ api, out }) => {
        const found = await api.list('/alerts/rules', {}, alertRuleSchema, options.limit);
        out.result(found, () =>
          found.length === 0 ? 'There is no rule: quotron alerts add --help' : rulesTable(found),
        );
        return exitCodes.ok;
      }),
    );
}

function rulesTable(rules: readonly AlertRuleView[]): string {
  return table(
    ['id', 'name', 'when', 'holds now', 'last alert', 'channels', 'stopped'],
    rules.map((rule) => [
      rule.id,
      safe(rule.name),
      safe(whenText(rule)),
      rule.met === null ? '–' : rule.met ? 'yes' : 'no',
      distance(rule.lastAlertAt),
      String(rule.channelIds.length),
      rule.stopped ?? '–',
    ]),
    60,
  );
}

/** `price above AAPL price=300`: the kind, and what it is given. */
function whenText({ when }: AlertRuleView): string {
  const { kind, symbol, ...rest } = when;
  const given = Object.entries(rest).filter(([, value]) => value !== null && value !== 0);
  const words = [String(kind).replaceAll('_', ' '), symbol ?? '', ...given.map(([key, value]) => `${key}=${value}`)];
  return words.filter((word) => word !== '').join(' ');
}

function add(): Command {
  return newCommand('add', 'Be told when something happens', [
    'alerts add price-above AAPL --price 300 --channel <id>',
    'alerts add move BTC-USD --percent 5 --direction down --channel <id> --quiet 22:00-07:00@Europe/Berlin',
    'alerts add source-failed --channel <id>',
    'alerts add coverage-below AAPL --source yahoo --percent 95 --channel <id>',
  ])
    .addArgument(new Argument('<kind>', 'what to watch for').choices(kindWords))
    .argument('[symbol]', 'of rules on a price, coverage or disputes')
    .requiredOption('--channel <ids...>', 'the channels to tell: `quotron alerts channels` lists them')
    .option('--name <name>', 'what it is called')
    .option('--price <price>', 'the line of price-above and price-below, in major units')
    .addOption(
      new Option('--rearm <percent>', 'how far a price must be back before it is told again').argParser(Number),
    )
    .addOption(new Option('--percent <percent>', 'of move and coverage-below').argParser(Number))
    .addOption(new Option('--direction <direction>', 'of move').choices(moveDirections))
    .addOption(new Option('--days <days>', 'of coverage-below').argParser(numberOption(365)))
    .addOption(
      new Option('--count <count>', 'more than so many, of findings-over and quarantine-over').argParser(Number),
    )
    .option('--source <source>', 'of one source')
    .option('--quiet <hours>', 'hours in which alerts are held: 22:00-07:00@Europe/Berlin')
    .action((kind: string, symbol: string | undefined, options: AddOptions) =>
      carryOut(options, async ({ api, out }) => {
        const { price, rearm: rearmPercent, percent, direction, days, count, source: sourceId } = options;
        const given = { symbol, price, rearmPercent, percent, direction, days, count, sourceId };
        const when = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
        const body = {
          name:
            options.name ?? [kind, symbol, price ?? percent ?? count].filter((part) => part !== undefined).join(' '),
          when: { kind: kind.replaceAll('-', '_'), ...when },
          channelIds: options.channel,
          ...(options.quiet === undefined ? {} : { quietHours: quietOf(options.quiet) }),
        };
        const rule = await api.request('POST', '/alerts/rules', alertRuleSchema, body);
        out.result(
          rule,
          () => `${rule.id}${rule.met ? ' (holds already: told when it was false and is true again)' : ''}`,
        );
        return exitCodes.ok;
      }),
    );
}

/** `22:00-07:00@Europe/Berlin`. */
function quietOf(text: string) {
  const [, from, to, zone] = /^(\d\d:\d\d)-(\d\d:\d\d)@(.+)$/.exec(text) ?? [];
  if (zone === undefined) throw usageError('Quiet hours are written as 22:00-07:00@Europe/Berlin.');
  return { from, to, zone };
}

const ofRules = 'rules, as `alerts list` names them';

function remove(): Command {
  return carryOutEach(
    newCommand('remove', 'Remove rules', ['alerts remove <id>']),
    ofRules,
    (id, api) => api.request('DELETE', pathOf(id), alertRuleSchema),
    (removed) => removed.map(({ name }) => `${safe(name)} is removed.`).join('\n'),
  );
}

function switchRule(verb: 'start' | 'stop', description: string): Command {
  return carryOutEach(
    newCommand(verb, description, [`alerts ${verb} <id>`]),
    ofRules,
    (id, api) => api.request('POST', `${pathOf(id)}/${verb}`, alertRuleSchema),
    rulesTable,
  );
}

function test(): Command {
  return newCommand('test', 'Send a test to a channel, and wait until it has arrived', ['alerts test <channel>'])
    .argument('<channel>', 'as `alerts channels` names it')
    .addOption(new Option('--timeout <seconds>', 'how long to wait').argParser(numberOption(3_600)).default(90))
    .action((channel: string, options: Common & { timeout: number }) =>
      carryOut(options, async (context) => {
        const { api, out } = context;
        const path = `/alerts/channels/${encodeURIComponent(channel)}/test`;
        const sent = await api.request('POST', path, alertDeliverySchema);
        const tried = await waitFor(
          {
            what: 'The test',
            timeoutMs: options.timeout * 1000,
            look: () => api.request('GET', `/alerts/deliveries/${sent.id}`, alertDeliverySchema),
            // The first attempt tells what is wrong.
            done: ({ attempts, finishedAt, lastError }) => finishedAt !== null || (attempts > 0 && lastError !== null),
            says: (found) => found?.status ?? 'waiting',
          },
          context,
        );
        out.result(tried, () =>
          tried.status === 'delivered' ? 'It has arrived.' : `It has not arrived: ${whyOf(tried)}`,
        );
        return tried.status === 'delivered' ? exitCodes.ok : exitCodes.failed;
      }),
    );
}

function deliveries(): Command {
  return newCommand('deliveries', 'What was sent, and what was not, newest first', ['alerts deliveries --status dead'])
    .addOption(new Option('--status <status>', 'of one status').choices(deliveryStatuses))
    .option('--rule <id>', 'of one rule')
    .option('--channel <id>', 'to one channel')
    .addOption(limitOption(50))
    .action((options: Common & { status?: string; rule?: string; channel?: string; limit: number }) =>
      carryOut(options, async ({ api, out }) => {
        const { status: wanted, rule: ruleId, channel: channelId } = options;
        const query = { status: wanted, ruleId, channelId };
        const found = await api.list('/alerts/deliveries', query, alertDeliverySchema, options.limit);
        out.result(found, () =>
          found.length === 0
            ? 'There is no such delivery.'
            : table(
                ['id', 'raised', 'rule', 'channel', 'status', 'attempts', 'next', 'why'],
                found.map((each) => [
                  each.id,
                  instant(each.createdAt),
                  safe(each.ruleName ?? 'a test'),
                  safe(each.channelName),
                  status(each.status),
                  String(each.attempts),
                  instant(each.nextAt),
                  whyOf(each),
                ]),
                40,
              ),
        );
        return exitCodes.ok;
      }),
    );
}

function retry(): Command {
  return carryOutEach(
    newCommand('retry', 'Send again what was given up', ['alerts retry <id>']),
    'deliveries, as `alerts deliveries` names them',
    (id, api) => api.request('POST', `/alerts/deliveries/${encodeURIComponent(id)}/retry`, alertDeliverySchema),
    (sent) => sent.map((each) => `${each.id}: ${each.status}`).join('\n'),
  );
}

function whyOf({ lastError, lastStatus }: AlertDeliveryView): string {
  return [lastError, lastStatus].filter((part) => part !== null).join(' ') || '–';
}

function pathOf(id: string): string {
  return `/alerts/rules/${encodeURIComponent(id)}`;
}
