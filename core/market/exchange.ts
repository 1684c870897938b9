/**
 * Pseudo-MICs for instruments that no exchange lists. ISO 10383 reserves no such codes; a leading `Q` is unused there
 * for these. Facts on crypto, currency pairs and indices key on a listing like all others. `unknown` is for instruments
 * whose source does not name the venue, or names it by a code that nobody here knows; the first source that does name it
 * replaces it.
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
  { mic: 'PINX', name: 'OTC Pink', zone: 'America/New_York' },
  { mic: 'OTCB', name: 'OTCQB', zone: 'America/New_York' },
  { mic: 'OTCQ', name: 'OTCQX', zone: 'America/New_York' },
  { mic: 'EXPM', name: 'OTC expert market', zone: 'America/New_York' },
  { mic: 'OPRA', name: 'US options', zone: 'America/New_York' },
  { mic: 'XCEC', name: 'COMEX', zone: 'America/New_York' },
  { mic: 'XNYM', name: 'NYMEX', zone: 'America/New_York' },
  { mic: 'XCME', name: 'CME', zone: 'America/Chicago' },
  { mic: 'XCBT', name: 'CBOT', zone: 'America/Chicago' },
  { mic: 'IFUS', name: 'ICE Futures US', zone: 'America/New_York' },
  { mic: 'XCBF', name: 'Cboe Futures', zone: 'America/Chicago' },
  { mic: 'XTSE', name: 'Toronto', zone: 'America/Toronto' },
  { mic: 'XTSX', name: 'TSX Venture', zone: 'America/Toronto' },
  { mic: 'XCNQ', name: 'Canadian Securities Exchange', zone: 'America/Toronto' },
  { mic: 'NEOE', name: 'Cboe Canada', zone: 'America/Toronto' },
  { mic: 'BVMF', name: 'São Paulo', zone: 'America/Sao_Paulo' },
  { mic: 'XMEX', name: 'Mexico', zone: 'America/Mexico_City' },
  { mic: 'XBUE', name: 'Buenos Aires', zone: 'America/Argentina/Buenos_Aires' },
  { mic: 'XSGO', name: 'Santiago', zone: 'America/Santiago' },
  { mic: 'XCAR', name: 'Caracas', zone: 'America/Caracas' },
  { mic: 'XBOG', name: 'Bogotá', zone: 'America/Bogota' },
  { mic: 'XLON', name: 'London', zone: 'Europe/London' },
  { mic: 'AQSE', name: 'Aquis', zone: 'Europe/London' },
  { mic: 'XDUB', name: 'Euronext Dublin', zone: 'Europe/Dublin' },
  { mic: 'XETR', name: 'Xetra', zone: 'Europe/Berlin' },
  { mic: 'XFRA', name: 'Frankfurt', zone: 'Europe/Berlin' },
  { mic: 'XBER', name: 'Berlin', zone: 'Europe/Berlin' },
  { mic: 'XDUS', name: 'Düsseldorf', zone: 'Europe/Berlin' },
  { mic: 'XHAM', name: 'Hamburg', zone: 'Europe/Berlin' },
  { mic: 'XHAN', name: 'Hanover', zone: 'Europe/Berlin' },
  { mic: 'XMUN', name: 'Munich', zone: 'Europe/Berlin' },
  { mic: 'XSTU', name: 'Stuttgart', zone: 'Europe/Berlin' },
  { mic: 'XPAR', name: 'Euronext Paris', zone: 'Europe/Paris' },
  { mic: 'XAMS', name: 'Euronext Amsterdam', zone: 'Europe/Amsterdam' },
  { mic: 'XBRU', name: 'Euronext Brussels', zone: 'Europe/Brussels' },
  { mic: 'XLIS', name: 'Euronext Lisbon', zone: 'Europe/Lisbon' },
  { mic: 'XMIL', name: 'Borsa Italiana', zone: 'Europe/Rome' },
  { mic: 'ETLX', name: 'EuroTLX', zone: 'Europe/Rome' },
  { mic: 'XMAD', name: 'Madrid', zone: 'Europe/Madrid' },
  { mic: 'XSWX', name: 'SIX Swiss', zone: 'Europe/Zurich' },
  { mic: 'XWBO', name: 'Vienna', zone: 'Europe/Vienna' },
  { mic: 'XWAR', name: 'Warsaw', zone: 'Europe/Warsaw' },
  { mic: 'XPRA', name: 'Prague', zone: 'Europe/Prague' },
  { mic: 'XBUD', name: 'Budapest', zone: 'Europe/Budapest' },
  { mic: 'XATH', name: 'Athens', zone: 'Europe/Athens' },
  { mic: 'XIST', name: 'Istanbul', zone: 'Europe/Istanbul' },
  { mic: 'XBSE', name: 'Bucharest', zone: 'Europe/Bucharest' },
  { mic: 'XSTO', name: 'Stockholm', zone: 'Europe/Stockholm' },
  { mic: 'XCSE', name: 'Copenhagen', zone: 'Europe/Copenhagen' },
  { mic: 'XOSL', name: 'Oslo', zone: 'Europe/Oslo' },
  { mic: 'XHEL', name: 'Helsinki', zone: 'Europe/Helsinki' },
  { mic: 'XICE', name: 'Iceland', zone: 'Atlantic/Reykjavik' },
  { mic: 'XTAL', name: 'Tallinn', zone: 'Europe/Tallinn' },
  { mic: 'XRIS', name: 'Riga', zone: 'Europe/Riga' },
  { mic: 'XLIT', name: 'Vilnius', zone: 'Europe/Vilnius' },
  { mic: 'MISX', name: 'Moscow', zone: 'Europe/Moscow' },
  { mic: 'XTKS', name: 'Tokyo', zone: 'Asia/Tokyo' },
  { mic: 'XOSE', name: 'Osaka', zone: 'Asia/Tokyo' },
  { mic: 'XFKA', name: 'Fukuoka', zone: 'Asia/Tokyo' },
  { mic: 'XSAP', name: 'Sapporo', zone: 'Asia/Tokyo' },
  { mic: 'XHKG', name: 'Hong Kong', zone: 'Asia/Hong_Kong' },
  { mic: 'XSHG', name: 'Shanghai', zone: 'Asia/Shanghai' },
  { mic: 'XSHE', name: 'Shenzhen', zone: 'Asia/Shanghai' },
  { mic: 'XKRX', name: 'Korea Exchange', zone: 'Asia/Seoul' },
  { mic: 'XKOS', name: 'KOSDAQ', zone: 'Asia/Seoul' },
  { mic: 'XTAI', name: 'Taiwan', zone: 'Asia/Taipei' },
  { mic: 'ROCO', name: 'Taipei Exchange', zone: 'Asia/Taipei' },
  { mic: 'XNSE', name: 'NSE India', zone: 'Asia/Kolkata' },
  { mic: 'XBOM', name: 'BSE Mumbai', zone: 'Asia/Kolkata' },
  { mic: 'XSES', name: 'Singapore', zone: 'Asia/Singapore' },
  { mic: 'XIDX', name: 'Jakarta', zone: 'Asia/Jakarta' },
  { mic: 'XBKK', name: 'Bangkok', zone: 'Asia/Bangkok' },
  { mic: 'XKLS', name: 'Bursa Malaysia', zone: 'Asia/Kuala_Lumpur' },
  { mic: 'XPHS', name: 'Manila', zone: 'Asia/Manila' },
  { mic: 'XSTC', name: 'Ho Chi Minh City', zone: 'Asia/Ho_Chi_Minh' },
  { mic: 'XASX', name: 'ASX', zone: 'Australia/Sydney' },
  { mic: 'CHIA', name: 'Cboe Australia', zone: 'Australia/Sydney' },
  { mic: 'XNZE', name: 'New Zealand', zone: 'Pacific/Auckland' },
  { mic: 'XJSE', name: 'Johannesburg', zone: 'Africa/Johannesburg' },
  { mic: 'XCAI', name: 'Cairo', zone: 'Africa/Cairo' },
  { mic: 'XTAE', name: 'Tel Aviv', zone: 'Asia/Jerusalem' },
  { mic: 'XSAU', name: 'Riyadh', zone: 'Asia/Riyadh' },
  { mic: 'DSMD', name: 'Qatar', zone: 'Asia/Qatar' },
  { mic: 'XKUW', name: 'Kuwait', zone: 'Asia/Kuwait' },
  { mic: 'XDFM', name: 'Dubai', zone: 'Asia/Dubai' },
  { mic: pseudoMics.crypto, name: 'Crypto', zone: 'UTC' },
  { mic: pseudoMics.fx, name: 'Foreign exchange', zone: 'UTC' },
  { mic: pseudoMics.index, name: 'Index', zone: 'UTC' },
];

const notKnown: Exchange = { mic: pseudoMics.unknown, name: 'Venue not known', zone: 'UTC' };
const byMic = new Map([...table, notKnown].map((exchange) => [exchange.mic, exchange]));

/** The venue of a MIC. A text that is no MIC of the table is never one: its venue is not known. */
export function exchangeOf(mic: string): Exchange {
  return byMic.get(mic) ?? notKnown;
}

/** Whether a text is a MIC of the table, or a pseudo-MIC. */
export function isMic(text: string): boolean {
  return byMic.has(text);
}
