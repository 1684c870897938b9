import { usualStreams } from '../contracts/events/following.ts';
import type { SettingGroup, ShownSetting } from '../contracts/http/settings.ts';
import { usualWatchLimit } from '../contracts/http/watch.ts';
import { localInstallation } from '../contracts/installation.ts';
import { settingNames } from '../contracts/settings.ts';
import { usualRetention } from '../planning/retention.ts';
import { optionalSetting, ownInstallation } from './settings.ts';

type Name = keyof typeof settingNames;

/** How this installation is configured, for people to see. Of what is secret, only that it is set. */
export function shownSettings(): ShownSetting[] {
  return [
    ofStage('installation', 'Stage', 'stage', 'local'),
    ofOwner('collection', 'Symbols on the watch list at most', 'watchLimit', String(usualWatchLimit)),
    ofOwner('collection', 'Rules whose proposals are accepted without a person', 'acceptFindings', null),
    ofStage('collection', 'Sources whose data are made up', 'simulatedSources', null),
    ofStage('collection', 'Calendars of exchanges', 'sessions', 'observed'),
    ofStage('retention', 'Days for which runs are kept', 'runDays', String(usualRetention.runs)),
    ofStage('retention', 'Days for which records are kept', 'recordDays', String(usualRetention.records)),
    ofStage(
      'retention',
      'Days for which the proxy’s answers are kept',
      'proxyAnswerDays',
      String(usualRetention.proxyAnswers),
    ),
    transport(),
    streams(),
    ofOwner('access', 'Origins of other pages that may read the API', 'corsOrigins', null),
    model(),
    database(),
  ];
}

/** What a variable of the owner sets. */
function ofOwner(group: SettingGroup, title: string, name: Name, usual: string | null): ShownSetting {
  const set = optionalSetting(name);
  return shown(group, title, { variable: settingNames[name], value: set ?? usual, from: set ? 'setting' : 'default' });
}

/** What the stage sets. */
function ofStage(group: SettingGroup, title: string, name: Name, usual: string | null): ShownSetting {
  const set = optionalSetting(name);
  return shown(group, title, { variable: null, value: set ?? usual, from: set ? 'stage' : 'default' });
}

function transport(): ShownSetting {
  const kafka = optionalSetting('kafkaTopic') !== undefined;
  return shown('events', 'Transport of events', {
    variable: null,
    value: kafka ? 'Kafka' : 'SNS FIFO topic',
    from: kafka ? 'stage' : 'default',
  });
}

/** The local cloud always has them. */
function streams(): ShownSetting {
  const local = ownInstallation().stage === localInstallation.stage;
  const title = 'Streams of events that may be open at the same time';
  if (!local) return ofOwner('events', title, 'eventStreams', null);
  return shown('events', title, { variable: null, value: String(usualStreams), from: 'default' });
}

function model(): ShownSetting {
  const on = optionalSetting('summariesQueueUrl') !== undefined;
  return shown('installation', 'Summaries of reports by a language model', {
    variable: null,
    value: on ? 'on' : 'off',
    from: on ? 'stage' : 'default',
  });
}

/** A connection string has a password in it. */
function database(): ShownSetting {
  const url = optionalSetting('databaseUrl');
  const host = optionalSetting('dbHost');
  return {
    ...shown('database', 'Connection', {
      variable: url ? settingNames.databaseUrl : settingNames.dbHost,
      value: url || host ? 'set' : null,
      from: 'stage',
    }),
    secret: true,
  };
}

function shown(
  group: SettingGroup,
  title: string,
  rest: Pick<ShownSetting, 'variable' | 'value' | 'from'>,
): ShownSetting {
  return { group, title, ...rest, secret: false };
}
