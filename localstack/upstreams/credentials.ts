import { simulatedKey } from './alpha-vantage/alpha-vantage.ts';
import { demoCredentials } from './demo-broker/demo-broker.ts';

/** What the simulated sources take as credentials, by source. */
export const simulatedCredentials: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'alpha-vantage': { apiKey: simulatedKey },
  'demo-broker': demoCredentials,
};
