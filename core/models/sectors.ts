import type { AssetClass } from '../market/instrument.ts';

/** The sectors of the field, with what data providers call the same. */
const spellings: Readonly<Record<string, readonly string[]>> = {
  'Information Technology': ['technology', 'tech', 'it', 'information technology'],
  'Health Care': ['healthcare', 'health care'],
  Financials: ['financials', 'financial', 'financial services', 'finance'],
  'Consumer Discretionary': ['consumer discretionary', 'consumer cyclical'],
  'Consumer Staples': ['consumer staples', 'consumer defensive'],
  'Communication Services': ['communication services', 'communications', 'telecommunication services'],
  Industrials: ['industrials', 'industrial'],
  Materials: ['materials', 'basic materials'],
  Energy: ['energy'],
  Utilities: ['utilities'],
  'Real Estate': ['real estate'],
};
const bySpelling = new Map(
  Object.entries(spellings).flatMap(([name, all]) => all.map((each) => [each, name] as const)),
);

/** What is in no sector of the economy is a part of its own. */
const byClass: Partial<Record<AssetClass, string>> = {
  crypto: 'Crypto assets',
  fx: 'Currencies',
  future: 'Futures',
  option: 'Options',
};

/** The sector of a text, under one name for all its spellings; `null` for an empty one. */
export function sectorNamed(text: string): string | null {
  const plain = text.trim().replaceAll(/\s+/g, ' ');
  if (plain === '' || /^(-|–|n\/a|unknown|none)$/i.test(plain)) return null;
  return bySpelling.get(plain.toLowerCase()) ?? plain;
}

/** The sector that an instrument is of by what it is; `null` where that says nothing. */
export function sectorOfClass(assetClass: AssetClass | null): string | null {
  return assetClass === null ? null : (byClass[assetClass] ?? null);
}
