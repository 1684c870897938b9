import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Settings as Gear } from 'lucide-react';
import {
  type SettingGroup,
  type SettingOrigin,
  type SettingsView,
  settingGroups,
} from '../../../../core/contracts/http/settings.ts';
import { settingsQuery } from '../../api/operations-queries.ts';
import { useRefusal } from '../../api/session.ts';
import { Moment } from '../../components/moment.tsx';
import { Page, Section } from '../../components/page.tsx';
import { Records } from '../../components/records.tsx';
import { Empty, ErrorState, Loading } from '../../components/states.tsx';
import { cronWords } from '../../sources/schedule.ts';
import { capital, cityOf, formatCount, formatDuration, words } from '../../text/format.ts';
import styles from './settings-page.module.css';

const groupTitles: Readonly<Record<SettingGroup, string>> = {
  installation: 'Installation',
  collection: 'Collection',
  retention: 'How long rows stay',
  events: 'Events',
  access: 'Access',
  database: 'Database',
};

/** What is configured, and who says so. Nothing is changed here: settings are of a deployment or a start. */
export function SettingsPage() {
  const refusal = useRefusal();
  const settings = useQuery({ ...settingsQuery, enabled: refusal === null });
  const found = settings.data;
  return (
    <Page
      title="Settings"
      lead={
        found
          ? `Version ${found.version}, stage ${found.stage}. Variables are set where it is started or deployed.`
          : 'What is configured, and from where'
      }
    >
      {refusal !== null && (
        <Empty title="Settings are for operators" icon={<Gear aria-hidden="true" />}>
          {refusal}
        </Empty>
      )}
      {found && (
        <>
          <Configured settings={found.settings} />
          <Sources sources={found.sources} />
          <Switches services={found.services} />
        </>
      )}
      {refusal === null && settings.isPending && <Loading what="the settings" />}
      {!found && settings.isError && (
        <ErrorState
          what="the settings"
          error={settings.error}
          retrying={settings.isFetching}
          onRetry={() => settings.refetch()}
        />
      )}
    </Page>
  );
}

function Configured({ settings }: Pick<SettingsView, 'settings'>) {
  return (
    <Records
      rows={settingGroups.flatMap((group) => settings.filter((each) => each.group === group))}
      keyOf={({ title }) => title}
      groupOf={({ group }) => groupTitles[group]}
      columns={[
        { title: 'What', cell: ({ title }) => title },
        {
          title: 'Is',
          className: styles.is,
          cell: ({ secret, value }) => (secret && value !== null ? 'set (not shown)' : (value ?? 'none')),
        },
        { title: 'From', cell: ({ from }) => <Origin from={from} /> },
        { title: 'Variable', cell: ({ variable }) => variable !== null && <code>{variable}</code> },
      ]}
    />
  );
}

/** Who says it. What somebody set stands out. */
function Origin({ from }: { from: SettingOrigin }) {
  return <span className={from === 'setting' ? styles.own : styles.usual}>{from}</span>;
}

function Sources({ sources }: Pick<SettingsView, 'sources'>) {
  return (
    <Section title="Sources" note="What each may be asked, and when">
      <Records
        rows={sources}
        keyOf={({ id }) => id}
        columns={[
          {
            title: 'Source',
            cell: ({ id, title, simulated }) => (
              <>
                <Link to="/sources/$sourceId" params={{ sourceId: id }}>
                  {title}
                </Link>
                {simulated && <span className={styles.usual}> simulated</span>}
              </>
            ),
          },
          { title: 'A minute', kind: 'numeric', cell: ({ quota }) => formatCount(quota.perMinute) },
          { title: 'A day', kind: 'numeric', cell: ({ quota }) => formatCount(quota.perDay) },
          { title: 'From', cell: ({ quota }) => <Origin from={quota.from} /> },
          {
            title: 'Schedule',
            className: styles.schedule,
            cell: ({ jobs }) =>
              jobs
                .map(({ id: job, everySeconds, cron, zone }) =>
                  everySeconds === null
                    ? `${job} ${cronWords(cron ?? '')}${zone === null ? '' : ` (${cityOf(zone)})`}`
                    : `${job} every ${formatDuration(everySeconds)}`,
                )
                .join('; '),
          },
        ]}
      />
    </Section>
  );
}

function Switches({ services }: Pick<SettingsView, 'services'>) {
  return (
    <Section title="Services" note="They are stopped and started on the overview">
      <ul className={styles.services}>
        {services.map(({ id, running, stoppedUntil }) => (
          <li key={id}>
            {capital(words(id))}: {running ? 'runs' : <strong className={styles.own}>stopped</strong>}
            {!running && stoppedUntil !== null && (
              <>
                {' '}
                until <Moment at={stoppedUntil} />
              </>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
