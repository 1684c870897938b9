import type { DecimalText } from './decimal.ts';
import type { AssetClass } from './instrument.ts';

/** The volume that was traded. Currencies trade at no exchange that would count theirs: sources say 0 for not known. */
export function tradedVolume(volume: DecimalText | null, assetClass: AssetClass): DecimalText | null {
  return assetClass === 'fx' && volume !== null && Number(volume) === 0 ? null : volume;
}
