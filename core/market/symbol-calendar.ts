import { calendarFor, type MarketCalendar } from './calendar.ts';
import { pseudoMics } from './exchange.ts';

interface Venue {
  readonly mic: string;
  readonly zone: string;
}

/** Venues by the ending of a canonical symbol. A venue without a calendar is listed for its zone. */
const suffixes: ReadonlyMap<string, Venue> = new Map(
  Object.entries<Venue>({
    L: { mic: 'XLON', zone: 'Europe/London' },
    IL: { mic: 'XLON', zone: 'Europe/London' },
    DE: { mic: 'XETR', zone: 'Europe/Berlin' },
    F: { mic: 'XFRA', zone: 'Europe/Berlin' },
    T: { mic: 'XTKS', zone: 'Asia/Tokyo' },
    HK: { mic: 'XHKG', zone: 'Asia/Hong_Kong' },
    SW: { mic: 'XSWX', zone: 'Europe/Zurich' },
    TO: { mic: 'XTSE', zone: 'America/Toronto' },
    V: { mic: 'XTSX', zone: 'America/Toronto' },
    AX: { mic: 'XASX', zone: 'Australia/Sydney' },
    PA: { mic: 'XPAR', zone: 'Europe/Paris' },
    AS: { mic: 'XAMS', zone: 'Europe/Amsterdam' },
    BR: { mic: 'XBRU', zone: 'Europe/Brussels' },
    LS: { mic: 'XLIS', zone: 'Europe/Lisbon' },
    MI: { mic: 'XMIL', zone: 'Europe/Rome' },
    MC: { mic: 'XMAD', zone: 'Europe/Madrid' },
    VI: { mic: 'XWBO', zone: 'Europe/Vienna' },
    ST: { mic: 'XSTO', zone: 'Europe/Stockholm' },
    CO: { mic: 'XCSE', zone: 'Europe/Copenhagen' },
    HE: { mic: 'XHEL', zone: 'Europe/Helsinki' },
    OL: { mic: 'XOSL', zone: 'Europe/Oslo' },
    WA: { mic: 'XWAR', zone: 'Europe/Warsaw' },
    JO: { mic: 'XJSE', zone: 'Africa/Johannesburg' },
    TA: { mic: 'XTAE', zone: 'Asia/Jerusalem' },
    NS: { mic: 'XNSE', zone: 'Asia/Kolkata' },
    BO: { mic: 'XBOM', zone: 'Asia/Kolkata' },
    KS: { mic: 'XKRX', zone: 'Asia/Seoul' },
    KQ: { mic: 'XKOS', zone: 'Asia/Seoul' },
    TW: { mic: 'XTAI', zone: 'Asia/Taipei' },
    TWO: { mic: 'ROCO', zone: 'Asia/Taipei' },
    SS: { mic: 'XSHG', zone: 'Asia/Shanghai' },
    SZ: { mic: 'XSHE', zone: 'Asia/Shanghai' },
    SI: { mic: 'XSES', zone: 'Asia/Singapore' },
    NZ: { mic: 'XNZE', zone: 'Pacific/Auckland' },
    JK: { mic: 'XIDX', zone: 'Asia/Jakarta' },
    BK: { mic: 'XBKK', zone: 'Asia/Bangkok' },
    SR: { mic: 'XSAU', zone: 'Asia/Riyadh' },
    SA: { mic: 'BVMF', zone: 'America/Sao_Paulo' },
    MX: { mic: 'XMEX', zone: 'America/Mexico_City' },
  }),
);

/** Zones of indices that are not American. */
const indexZones: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    '^FTSE': 'Europe/London',
    '^FTMC': 'Europe/London',
    '^GDAXI': 'Europe/Berlin',
    '^MDAXI': 'Europe/Berlin',
    '^TECDAX': 'Europe/Berlin',
    '^STOXX': 'Europe/Berlin',
    '^STOXX50E': 'Europe/Berlin',
    '^FCHI': 'Europe/Paris',
    '^AEX': 'Europe/Amsterdam',
    '^IBEX': 'Europe/Madrid',
    '^SSMI': 'Europe/Zurich',
    '^N225': 'Asia/Tokyo',
    '^HSI': 'Asia/Hong_Kong',
    '^HSCE': 'Asia/Hong_Kong',
    '^GSPTSE': 'America/Toronto',
    '^AXJO': 'Australia/Sydney',
    '^AORD': 'Australia/Sydney',
    '^BFX': 'Europe/Brussels',
    '^PSI20': 'Europe/Lisbon',
    '^OMX': 'Europe/Stockholm',
    '^OMXC25': 'Europe/Copenhagen',
    '^OMXH25': 'Europe/Helsinki',
    '^OSEAX': 'Europe/Oslo',
    '^ATX': 'Europe/Vienna',
    '^BVSP': 'America/Sao_Paulo',
    '^MXX': 'America/Mexico_City',
    '^TA125.TA': 'Asia/Jerusalem',
    '^TASI.SR': 'Asia/Riyadh',
    '^JKSE': 'Asia/Jakarta',
    '^SET.BK': 'Asia/Bangkok',
    '^BSESN': 'Asia/Kolkata',
    '^NSEI': 'Asia/Kolkata',
    '^KS11': 'Asia/Seoul',
    '^KQ11': 'Asia/Seoul',
    '^TWII': 'Asia/Taipei',
    '^STI': 'Asia/Singapore',
  }),
);

const newYork = 'America/New_York';

/**
 * The calendar of a canonical symbol, by how it is written: for symbols that have no listing yet because they were
 * never fetched. `null`: round the clock. A symbol without an ending is American; one with an unknown ending trades on
 * weekdays of UTC.
 *
 * @example
 * calendarOfSymbol('VOD.L').id // 'XLON'
 * calendarOfSymbol('BTC-USD') // null
 */
export function calendarOfSymbol(symbol: string): MarketCalendar | null {
  if (symbol.endsWith('=X')) return calendarFor({ mic: pseudoMics.fx, zone: 'UTC' });
  if (symbol.endsWith('=F')) return calendarFor({ mic: 'XCME', zone: 'America/Chicago' });
  if (symbol.startsWith('^'))
    return calendarFor({ mic: pseudoMics.index, zone: indexZones.get(symbol) ?? newYork, assetClass: 'index' });
  if (/^[A-Z0-9]{2,}-[A-Z]{3,4}$/.test(symbol)) return null;
  const [, suffix] = /\.([A-Z]+)$/.exec(symbol) ?? [];
  if (suffix === undefined) return calendarFor({ mic: 'XNYS', zone: newYork });
  return calendarFor(suffixes.get(suffix) ?? { mic: pseudoMics.unknown, zone: 'UTC' });
}
