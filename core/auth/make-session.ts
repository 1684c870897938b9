import type { Failure } from '../contracts/failure.ts';
import type { SourceAddress } from '../sources/address.ts';
import type { SessionStrategy } from '../sources/definition.ts';
import { cookieCrumbSession } from './cookie-crumb.ts';
import type { PermittedCall } from './cookie-walk.ts';
import { credentialsSchemas, type LoginCredentials, readCredentials, readLogin } from './credentials.ts';
import { formLoginSession } from './form-login.ts';
import type { Session } from './session.ts';

export interface SessionMaking {
  readonly address: SourceAddress;
  readonly call: PermittedCall;
  readonly headers: Readonly<Record<string, string>>;
  /** The text of the source's secret as it is now, or `null`: read at each login, so that a new key needs no deploy. */
  readonly credentials: () => Promise<string | null>;
  readonly now: () => number;
  /** Signs in with a browser. Absent where there is none. */
  readonly browserLogin?: (credentials: LoginCredentials) => Promise<Session | Failure>;
}

/** Makes a session by the source's strategy. Never throws for what the source does; secrets are in no failure. */
export async function makeSession(strategy: SessionStrategy, making: SessionMaking): Promise<Session | Failure> {
  const { address, call, headers, now } = making;
  switch (strategy.strategy) {
    case 'cookie-crumb':
      return cookieCrumbSession(strategy, address, call, headers, now());
    case 'api-key': {
      const held = readCredentials(credentialsSchemas['api-key'], await making.credentials());
      if ('reason' in held) return held;
      const carried = { [strategy.name]: held.apiKey };
      return {
        headers: strategy.in === 'header' ? carried : {},
        query: strategy.in === 'query' ? carried : {},
        storageState: null,
        expiresAt: new Date(now() + strategy.lifeSeconds * 1000).toISOString(),
      };
    }
    case 'form-login': {
      const held = readLogin(strategy, await making.credentials());
      return 'reason' in held ? held : formLoginSession(strategy, address, held, call, headers, now);
    }
    case 'browser-form-login': {
      const held = readLogin(strategy, await making.credentials());
      if ('reason' in held) return held;
      if (!making.browserLogin) throw new Error('This source signs in with a browser, and this function has none.');
      return making.browserLogin(held);
    }
  }
}
