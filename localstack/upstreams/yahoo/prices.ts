/**
 * Prices that walk from a seed: a pure function of seed, symbol and minute, so that the same minute always has the same
 * price, yesterday's close is what the chart says it was, and a restart changes nothing. The walk is a sum of smooth
 * noises whose periods go from a minute to a year and whose size grows with the root of the period, as a market's does.
 */
import type { SimInstrument } from './universe.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** Period in milliseconds and amplitude (a fraction of the price) of each noise, for a volatility of 1. */
const octaves: readonly (readonly [number, number])[] = [
  [minute, 0.0002],
  [11 * minute, 0.0007],
  [67 * minute, 0.0018],
  [7 * 60 * minute, 0.004],
  [1.3 * day, 0.008],
  [6 * day, 0.018],
  [23 * day, 0.035],
  [97 * day, 0.07],
  [371 * day, 0.14],
];

/** The state of FNV-1a after a text. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

/** 32 bits of a text's hash and two integers, well mixed: FNV-1a goes on, then the finalizer of MurmurHash3. */
function mix(textHash: number, a: number, b: number): number {
  let hash = Math.imul(textHash ^ a, 0x01000193);
  hash = Math.imul(hash ^ b, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A number from 0 to 1 that belongs to a seed, a text and an integer. */
export function chance(seed: string, text: string, at: number): number {
  return mix(hashOf(`${seed}/${text}`), at, Math.floor(at / 2 ** 31)) / 2 ** 32;
}

function noise(keyHash: number, octave: number, at: number, period: number): number {
  const step = Math.floor(at / period);
  const part = at / period - step;
  const ease = part * part * (3 - 2 * part);
  const from = (mix(keyHash, octave, step) / 2 ** 32) * 2 - 1;
  const to = (mix(keyHash, octave, step + 1) / 2 ** 32) * 2 - 1;
  return from + (to - from) * ease;
}

export type PriceOf = (instrument: SimInstrument, atMs: number) => number;

/** The walk of a seed. Prices are positive, constant within a minute, and float32 with the decimals Yahoo gives. */
export function pricesOf(seed: string): PriceOf {
  return (instrument, atMs) => {
    const at = Math.floor(atMs / minute) * minute;
    const key = hashOf(`${seed}/${instrument.symbol}`);
    let log = 0;
    octaves.forEach(([period, amplitude], index) => {
      log += amplitude * noise(key, index, at, period);
    });
    return rounded(instrument.level * Math.exp(log * instrument.volatility), instrument);
  };
}

/** As exchanges quote it: two decimals for shares, whole yen above 1,000, seven digits for currencies. */
function rounded(price: number, instrument: SimInstrument): number {
  if (instrument.quoteType === 'CURRENCY') return Math.fround(Number(price.toPrecision(8)));
  const decimals = price >= 1000 && (instrument.currency === 'JPY' || instrument.currency === 'ZAc') ? 0 : 2;
  return Math.fround(Number(price.toFixed(decimals)));
}

/** The number Yahoo's quotes print for a float32: its shortest text. 3.0700073 and 244.6, never 244.60000610351562. */
export function shortest(value: number): number {
  const single = Math.fround(value);
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(single.toPrecision(digits));
    if (Math.fround(short) === single) return short;
  }
  return single;
}
