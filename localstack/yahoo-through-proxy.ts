/**
 * `YFINANCE_PROXY_URL`: the Yahoo proxy that clients are given, and that the Yahoo source asks where it is set. One's own
 * would ask itself, so it is ignored.
 */
import { z } from 'zod';
import { simulatedHeader, simulatedSourcesOf } from '../core/contracts/http/envelope.ts';
import { shownBase } from '../core/sources/address.ts';
import { codeOf, LocalCloudError } from './problem.ts';

/** The name of the setting, as clients know it. */
export const yahooProxyVariable = 'YFINANCE_PROXY_URL';

/** How the Yahoo source is asked through a proxy. */
export interface YahooThroughProxy {
  /** `undefined` where it is asked as it would be without the setting. */
  readonly url: string | undefined;
  /** Whether a simulator stands behind that proxy. */
  readonly simulated: boolean;
  /** What the user should know of it. */
  readonly notes: readonly string[];
}

const localHosts = new Set(['localhost', '0.0.0.0', '[::1]', '[::]']);

/** The value of the setting. Throws with its name for what is no address of a proxy; private addresses are fine. */
export function readYahooProxy(env: NodeJS.ProcessEnv): string | undefined {
  const value = env[yahooProxyVariable]?.trim();
  if (!value) return undefined;
  // Not quoted: it may have a key in it.
  const wrong = (what: string) =>
    new LocalCloudError(
      `${yahooProxyVariable} ${what}. Set it to the address of a Yahoo proxy, such as http://127.0.0.1:5000/yahoo, or unset it.`,
    );
  if (!z.url({ protocol: /^https?$/ }).safeParse(value).success || !URL.canParse(value))
    throw wrong('is not an http or https URL');
  const url = new URL(value);
  if (url.search !== '' || url.hash !== '')
    throw wrong('has a query or a fragment, which the address of a proxy has not');
  return value.replace(/\/+$/, '');
}

/** Whether an address is on this machine, at one of some ports. */
function isHere(url: URL, ports: readonly number[]): boolean {
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const host = url.hostname.toLowerCase().replace(/\.$/, '');
  return ports.includes(port) && (localHosts.has(host) || /^127\./.test(host) || /^\[::ffff:7f/.test(host));
}

/**
 * Decides how the Yahoo source is asked. `own` are the ports of this local cloud. The proxy is asked once whether it is there,
 * and whether its prices are made up.
 */
export async function yahooThroughProxy(
  value: string | undefined,
  own: readonly number[],
  overridden: string | null,
): Promise<YahooThroughProxy> {
  if (value === undefined) return { url: undefined, simulated: false, notes: [] };
  const url = new URL(value);
  const { shown } = shownBase(url);
  const ignored = (why: string) => ({
    url: undefined,
    simulated: false,
    notes: [`The Yahoo source ignores ${yahooProxyVariable} (${shown}): ${why}.`],
  });
  if (isHere(url, own)) return ignored("it is this cloud's own proxy, which asks for the same prices");
  if (overridden !== null) return ignored(`${overridden} is set, too`);
  try {
    // `fetch` takes no login in an address.
    const { username, password } = url;
    const health = new URL(`${value}/health`);
    health.username = '';
    health.password = '';
    const answer = await fetch(health, {
      ...(username !== '' && {
        headers: { authorization: `Basic ${btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)}` },
      }),
      redirect: 'manual',
      signal: AbortSignal.timeout(5_000),
    });
    await answer.body?.cancel();
    const simulated = simulatedSourcesOf(answer.headers.get(simulatedHeader)).includes('yahoo');
    return {
      url: value,
      simulated,
      notes: [
        `The Yahoo source asks through ${yahooProxyVariable} (${shown})${simulated ? ', whose prices are made up' : ''}.`,
      ],
    };
  } catch (error) {
    const why = codeOf(error instanceof Error ? error.cause : undefined) ?? 'no answer';
    return {
      url: value,
      simulated: false,
      notes: [
        `The Yahoo source asks through ${yahooProxyVariable} (${shown}), which does not answer now (${why}): start it, correct the address, or unset it.`,
      ],
    };
  }
}
