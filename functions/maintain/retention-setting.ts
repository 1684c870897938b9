import { settingNames } from '../../core/contracts/settings.ts';
import { fewestDays, type RetentionDays, usualHotMonths, usualRetention } from '../../core/planning/retention.ts';
import { numberSetting, SettingError } from '../../core/runtime/settings.ts';

/** The lifetimes that the stage sets, and the usual ones. Throws for one that other functions would not get along with. */
export function retentionSetting(): RetentionDays {
  const days = (name: 'runDays' | 'recordDays', usual: number) => {
    const set = numberSetting(name) ?? usual;
    if (set < fewestDays) throw new SettingError(settingNames[name], `is ${set}, and not at least ${fewestDays}`);
    return set;
  };
  return {
    runs: days('runDays', usualRetention.runs),
    records: days('recordDays', usualRetention.records),
    proxyAnswers: numberSetting('proxyAnswerDays') ?? usualRetention.proxyAnswers,
  };
}

/** How many months of quotes stay in the database. Throws for fewer than the running one and the one before it. */
export function hotMonthsSetting(): number {
  const set = numberSetting('hotMonths') ?? usualHotMonths;
  if (set < usualHotMonths)
    throw new SettingError(settingNames.hotMonths, `is ${set}, and not at least ${usualHotMonths}`);
  return set;
}
