import { settingNames } from '../contracts/settings.ts';
import { catalogue, setQuotas } from '../sources/catalogue.ts';
import { readQuotas } from '../sources/quotas.ts';
import { optionalSetting, SettingError } from './settings.ts';

/**
 * Gives the sources the quotas of this installation, before anything reads them. Every function that plans, allows, makes or
 * shows requests calls it at its start. Throws for a quota that is none, so that it is not simply without effect.
 */
export function applySourceQuotas(): void {
  const read = readQuotas(optionalSetting('sourceQuotas') ?? '', catalogue);
  if ('wrong' in read) throw new SettingError(settingNames.sourceQuotas, read.wrong);
  setQuotas(read.quotas);
}
