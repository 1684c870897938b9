import type { SourceDefinition } from '../definition.ts';

/**
 * A broker that exists in the simulator only: it shows, and proves, how prices are read behind a login form.
 */
export const demoBroker: SourceDefinition = {
  id: 'demo-broker',
  title: 'Demo Broker',
  kind: 'browser',
  origins: ['https://demo-broker.invalid'],
  quota: { perMinute: 20, perDay: 5_000 },
  session: {
    strategy: 'browser-form-login',
    loginUrl: '/login',
    selectors: {
      username: 'form#login input[name=username]',
      password: 'form#login input[name=password]',
      submit: 'form#login button[type=submit]',
      signedIn: '#account',
      refused: 'form#login .login-error',
    },
    secondFactor: { input: 'form#second-factor input[name=code]', submit: 'form#second-factor button[type=submit]' },
    faces: [{ state: 'consent_wanted', selector: '#cookie-wall .necessary', press: '#cookie-wall .necessary' }],
    lifeSeconds: 540,
  },
  // A second sign-in would end the first.
  oneWorker: true,
  localOnly: true,
  onlyWhenNamed: true,
  jobs: [
    {
      id: 'positions',
      kind: 'quotes',
      everySeconds: 300,
      inSession: { beforeMinutes: 5, afterMinutes: 30 },
      symbols: ['AAPL', 'MSFT', 'BRK-B', 'SPY', 'VOD.L', 'SAP.DE', 'BTC-USD', 'EURUSD=X'],
      symbolsPerTask: 50,
      symbolsPerRequest: 50,
    },
  ],
  canarySymbol: 'AAPL',
  fallbacks: [],
  rank: { equity: 10, etf: 10, index: 10, crypto: 10, fx: 10, fund: 10, future: 10 },
  toSource: (canonical) => canonical,
  toCanonical: (symbol) => symbol,
  parser: async () => (await import('./parse.ts')).demoBrokerParser,
  terms: { url: 'https://demo-broker.invalid/terms', licence: 'redistribute', reviewed: '2026-11-22' },
};
