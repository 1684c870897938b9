import { browserLoginSession } from '../../core/auth/browser-login.ts';
import type { LoginCredentials } from '../../core/auth/credentials.ts';
import type { Session } from '../../core/auth/session.ts';
import type { Failure } from '../../core/contracts/failure.ts';
import { permitsAtOnce } from '../../core/planning/permits.ts';
import type { BrowserLogin, CapturePage } from '../../core/ports/browser.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { State } from '../../core/ports/state.ts';
import type { Upstream, UpstreamOptions } from '../../core/ports/upstream.ts';
import { openSource, pageHeaders } from '../../core/scraping/open-source.ts';
import { holdAfter } from '../../core/scraping/retry-after.ts';
import type { ScrapeSource } from '../../core/scraping/scrape-task.ts';
import { permitHolder } from '../../core/scraping/take-permit.ts';
import { sourceAddress } from '../../core/sources/address.ts';
import { knownSource } from '../../core/sources/catalogue.ts';

/** The operations of a browser that a source needs. */
export interface SourceBrowser {
  upstream(options: UpstreamOptions): Upstream;
  login(options: UpstreamOptions): BrowserLogin;
  readonly capture: CapturePage;
}

/** Time limit of one page, from the request to the last row that a script fills in. */
const pageTimeoutMs = 20_000;
/** Size limit of a page with everything it loads, where its source has no other: eight times the largest page. */
const usualPageBytes = 2_000_000;
/** The form, and what is sent with it. */
const requestsOfLogin = 2;
/** A login gets its permits within this time. */
const loginMs = 20_000;

/**
 * A browser source of the catalogue, ready for requests. Its credentials are masked in all page content, also where a
 * page repeats what was typed into its form.
 */
export async function browserSource(
  sourceId: string,
  world: {
    browser: SourceBrowser;
    state: State;
    sourceUrls: Readonly<Record<string, string>>;
    sessionSecret: () => Promise<string>;
    /** The current text of a source's secret; `null` without one. */
    credentials: (sourceId: string) => Promise<string | null>;
    now: Clock;
    wait: (ms: number) => Promise<void>;
    pageTimeoutMs?: number;
  },
): Promise<ScrapeSource> {
  const { browser, state, now, wait } = world;
  const source = knownSource(sourceId);
  const address = sourceAddress(source, world.sourceUrls);
  const bounded = (options: UpstreamOptions): UpstreamOptions => ({
    ...options,
    timeoutMs: world.pageTimeoutMs ?? pageTimeoutMs,
    maxBytes: source.pageBytes ?? usualPageBytes,
  });
  const login = async (credentials: LoginCredentials): Promise<Session | Failure> => {
    const strategy = source.session;
    if (strategy?.strategy !== 'browser-form-login')
      throw new Error(`Source ${sourceId} does not sign in with a browser.`);
    const permits = permitHolder({ sourceId, state, now, wait, purpose: 'login' });
    for (let left = requestsOfLogin; left > 0; left--) {
      const refused = await permits.next(permitsAtOnce(source.quota, left), now() + loginMs);
      if (refused) return refused;
    }
    const rules = bounded({ origins: address.origins, allowPrivate: address.allowPrivate, timeoutMs: 0, maxBytes: 0 });
    const signIn: BrowserLogin = async (form) => {
      const result = await browser.login(rules)(form);
      const seconds = result.outcome === 'failed' ? holdAfter(result, null, now()) : null;
      if (seconds !== null && seconds > 0) await state.call({ op: 'holdSource', sourceId, seconds });
      return result;
    };
    return browserLoginSession(strategy, address, credentials, signIn, pageHeaders, now);
  };

  const ready = await openSource(sourceId, {
    ...world,
    upstream: (options) => browser.upstream(bounded(options)),
    browserLogin: login,
  });
  return {
    ...ready,
    headers: pageHeaders,
    capture: (redact) => browser.capture((text) => ready.maskCredentials(redact(text))),
  };
}
