import { isIP } from 'node:net';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { StandaloneProxy } from '../functions/yahoo-proxy/standalone.ts';
import { CommandError, usageError } from './problems.ts';

interface ProxyOptions {
  readonly port: number;
  readonly host: string;
  readonly upstream?: string;
  readonly asYahoo?: true;
  readonly tlsPort?: number;
  readonly caFolder?: string;
  readonly dns?: readonly string[];
}

/** Addresses that only this machine can reach. */
const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/** `quotron proxy`: the Yahoo proxy as a standalone process. */
export function proxyCommand(): Command {
  return new Command('proxy')
    .description('Serve Yahoo Finance from a cache on this machine: quotes, charts, summaries, search')
    .addOption(new Option('-p, --port <port>', 'port to listen on').argParser(port).default(5000))
    .addOption(new Option('--host <address>', 'address to listen on').default('127.0.0.1'))
    .addOption(new Option('--upstream <url>', 'call this instead of Yahoo (a simulator)').argParser(httpUrl))
    .addOption(
      new Option('--as-yahoo', 'answer under Yahoo’s own hosts too, for clients that can connect nowhere else'),
    )
    .addOption(
      new Option('--tls-port <port>', 'port of --as-yahoo: 443, or 8443 where that is taken or not allowed').argParser(
        port,
      ),
    )
    .addOption(
      new Option('--ca-folder <folder>', 'folder of the certificate that clients of --as-yahoo are told to trust'),
    )
    .addOption(
      new Option('--dns <address...>', 'DNS servers to find Yahoo by, past the hosts file').argParser(dnsServers),
    )
    .addHelpText(
      'after',
      '\nClients must send a key when QUOTRON_PROXY_KEY is set. It must be set to listen on anything but this machine.\n' +
        'QUOTRON_SOURCE_YAHOO_QUOTA=200/300000 sets the requests of a minute and a day, three quarters of which are for it.\n' +
        'Ctrl-C stops it. docs/proxy.md shows how to point yfinance and yahoo-finance2 at it.',
    )
    .action(async (options: ProxyOptions, command: Command) => {
      // From the environment, because arguments show in the process list.
      const key = process.env['QUOTRON_PROXY_KEY'] || undefined;
      if (key === undefined && !loopback.test(options.host))
        command.error(
          `Other machines can reach ${options.host}, and anybody there could use up your quota with Yahoo. Set QUOTRON_PROXY_KEY to a key that clients must send, or omit --host.`,
        );
      const alone = ['tlsPort', 'caFolder', 'dns'].filter((name) => command.getOptionValue(name) !== undefined);
      if (!options.asYahoo && alone.length > 0)
        command.error('--tls-port, --ca-folder and --dns go with --as-yahoo only.');
      await serve(options, key);
    });
}

async function serve({ port, host, upstream, ...more }: ProxyOptions, key: string | undefined): Promise<void> {
  // Imported here so that no other command loads a server.
  const { AsYahooError, startStandalone } = await import('../functions/yahoo-proxy/standalone.ts');
  const { stateFolder } = await import('../localstack/state-folder.ts');
  const { sourceQuotasIn, unknownIn } = await import('../localstack/settings.ts');
  const say = (line: string) => process.stderr.write(`${line}\n`);
  for (const { name, meant } of unknownIn(process.env))
    say(`${name} is no setting and has no effect.${meant === null ? '' : ` Did you mean ${meant}?`}`);
  const running = await startStandalone({
    port,
    host,
    upstream,
    key,
    quotas: quotasOf(() => sourceQuotasIn(process.env)),
    asYahoo: more.asYahoo && {
      folder: more.caFolder ?? join(stateFolder(), 'as-yahoo'),
      port: more.tlsPort,
      dns: more.dns ?? [],
    },
    log: say,
  }).catch((error: unknown) => {
    if (error instanceof AsYahooError) throw new CommandError(error.message);
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!taken) throw error;
    throw new CommandError(`Port ${port} is used by another program. Stop it, or choose another with --port.`);
  });
  process.stdout.write(
    `Yahoo proxy on ${running.url}/yahoo, calling ${upstream ?? 'Yahoo Finance'}${key === undefined ? '' : ', key required'}.\n` +
      asYahooText(running.asYahoo, host) +
      `Try ${running.url}/yahoo/quote/AAPL or ${running.url}/yahoo/v8/finance/chart/AAPL?range=5d. Ctrl-C stops it.\n`,
  );
  await new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve());
  });
  await running.stop();
}

/** What there is to do for a client that knows Yahoo's hosts only. */
function asYahooText(asYahoo: StandaloneProxy['asYahoo'], host: string): string {
  if (asYahoo === null) return '';
  const { port, certificate, isNew } = asYahoo;
  const other =
    port === 443
      ? ''
      : ` Clients connect to 443: lead it here, as docs/proxy.md shows, or start where 443 is free and allowed.`;
  return (
    `As Yahoo on ${host}, port ${port}, for ${asYahoo.hosts.join(', ')}.${other}\n` +
    `Clients must trust ${certificate}${isNew ? ', which is new' : ''}, and find those hosts at ${host}: docs/proxy.md shows how.\n`
  );
}

/** The quotas that the environment sets. One that is none is an error of the call. */
function quotasOf(read: () => string | undefined): string | undefined {
  try {
    return read();
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error));
  }
}

function port(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  throw new InvalidArgumentError('A port is a whole number up to 65535; 0 takes a free one.');
}

function httpUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/+$/, '');
  throw new InvalidArgumentError('It must be an http or https URL.');
}

function dnsServers(text: string, before: readonly string[] | undefined): readonly string[] {
  const [, address = text] = /^(?:\[?(.+?)\]?):\d{1,5}$/.exec(isIP(text) ? '' : text) ?? [];
  if (isIP(address) === 0) throw new InvalidArgumentError('A DNS server is named by its address, such as 9.9.9.9.');
  return [...(before ?? []), text];
}
