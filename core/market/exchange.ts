/**
 * Pseudo-MICs for instruments that no exchange lists. ISO 10383 reserves no such codes; a leading `Q` is unused there
 * for these. Facts on crypto, currency pairs and indices key on a listing like all others. `unknown` is for instruments
 * whose source does not name the venue; the first source that does replaces it.
 */
export const pseudoMics = { crypto: 'QCRY', fx: 'QFXS', index: 'QIDX', unknown: 'QUNK' } as const;

/** What the dashboard and the health rules call a venue. */
export interface Exchange {
  readonly mic: string;
  readonly name: string;
  /** IANA zone. */
  readonly zone: string;
}

const table: readonly Exchange[] = [
  { mic: 'XNAS', name: 'Nasdaq', zone: 'America/New_York' },
  { mic: 'XNYS', name: 'NYSE', zone: 'America/New_York' },
  { mic: 'ARCX', name: 'NYSE Arca', zone: 'America/New_York' },
  { mic: 'XASE', name: 'NYSE American', zone: 'America/New_York' },
  { mic: 'BATS', name: 'Cboe BZX', zone: 'America/New_York' },
  { mic: 'XCEC', name: 'COMEX', zone: 'America/New_York' },
  { mic: 'XNYM', name: 'NYMEX', zone: 'America/New_York' },
  { mic: 'XCME', name: 'CME', zone: 'America/Chicago' },
  { mic: 'XCBT', name: 'CBOT', zone: 'America/Chicago' },
  { mic: 'XLON', name: 'London', zone: 'Europe/London' },
  { mic: 'XETR', name: 'Xetra', zone: 'Europe/Berlin' },
  { mic: 'XFRA', name: 'Frankfurt', zone: 'Europe/Berlin' },
  { mic: 'XPAR', name: 'Euronext Paris', zone: 'Europe/Paris' },
  { mic: 'XAMS', name: 'Euronext Amsterdam', zone: 'Europe/Amsterdam' },
  { mic: 'XSWX', name: 'SIX Swiss', zone: 'Europe/Zurich' },
  { mic: 'XTSE', name: 'Toronto', zone: 'America/Toronto' },
  { mic: 'XTSX', name: 'TSX Venture', zone: 'America/Toronto' },
  { mic: 'XTKS', name: 'Tokyo', zone: 'Asia/Tokyo' },
  { mic: 'XHKG', name: 'Hong Kong', zone: 'Asia/Hong_Kong' },
  { mic: 'XASX', name: 'ASX', zone: 'Australia/Sydney' },
  { mic: 'XJSE', name: 'Johannesburg', zone: 'Africa/Johannesburg' },
  { mic: 'XTAE', name: 'Tel Aviv', zone: 'Asia/Jerusalem' },
  { mic: pseudoMics.crypto, name: 'Crypto', zone: 'UTC' },
  { mic: pseudoMics.fx, name: 'Foreign exchange', zone: 'UTC' },
  { mic: pseudoMics.index, name: 'Index', zone: 'UTC' },
  { mic: pseudoMics.unknown, name: 'Venue not known', zone: 'UTC' },
];

const byMic = new Map(table.map((exchange) => [exchange.mic, exchange]));

/** The venue of a MIC; a MIC that the table lacks is its own name, in UTC. */
export function exchangeOf(mic: string): Exchange {
  return byMic.get(mic) ?? { mic, name: mic, zone: 'UTC' };
}
