import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Bell, Plus } from 'lucide-react';
import { alterAlert, retryDelivery, testChannel } from '../../actions/alerts.ts';
import { channelsQuery, deliveriesQuery, rulesQuery } from '../../api/alert-queries.ts';
import { useRefusal } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Moment } from '../../components/moment.tsx';
import { Page, Section } from '../../components/page.tsx';
import { Records } from '../../components/records.tsx';
import { Empty, ErrorState, Loading } from '../../components/states.tsx';
import { missing, words } from '../../text/format.ts';
import styles from './alerts-page.module.css';
import { conditionWords } from './condition-words.ts';
import { NewChannel } from './new-channel.tsx';
import { NewRule } from './new-rule.tsx';

const route = getRouteApi('/alerts');

/** Alerts: what is watched for, where it goes, and what has been sent. */
export function AlertsPage() {
  const rules = useQuery(rulesQuery);
  const channels = useQuery(channelsQuery);
  const refusal = useRefusal();
  const { make } = route.useSearch();
  const navigate = route.useNavigate();
  const ask = (what: 'rule' | 'channel' | undefined) =>
    void navigate({ search: { make: what }, replace: what === undefined });
  const there = channels.data ?? [];
  return (
    <Page title="Alerts" lead="What is watched for, where it is sent, and whether it arrived">
      {channels.data?.length === 0 && (
        <Empty
          title="Nothing is sent to anybody yet"
          icon={<Bell aria-hidden="true" />}
          action={
            <Button look="primary" icon={<Plus aria-hidden="true" />} refusal={refusal} onClick={() => ask('channel')}>
              New channel
            </Button>
          }
        >
          Make a channel first: a webhook, Slack, ntfy or mail. Then rules say what is sent there: a price, a failing
          source, rows in quarantine.
        </Empty>
      )}
      {there.length > 0 && (
        <>
          <Section title="Rules" note={rules.data?.more ? 'The newest 200' : undefined}>
            <div className={styles.bar}>
              <Button look="primary" icon={<Plus aria-hidden="true" />} refusal={refusal} onClick={() => ask('rule')}>
                New rule
              </Button>
            </div>
            <Rules refusal={refusal} />
          </Section>
          <Section title="Channels">
            <div className={styles.bar}>
              <Button icon={<Plus aria-hidden="true" />} refusal={refusal} onClick={() => ask('channel')}>
                New channel
              </Button>
            </div>
            <Channels refusal={refusal} />
          </Section>
          <Section title="Deliveries" note="The newest 50">
            <Deliveries refusal={refusal} />
          </Section>
        </>
      )}
      {channels.isPending && <Loading what="the alerts" />}
      {!channels.data && channels.isError && (
        <ErrorState
          what="the alerts"
          error={channels.error}
          retrying={channels.isFetching}
          onRetry={() => channels.refetch()}
        />
      )}
      {make === 'rule' && refusal === null && there.length > 0 && (
        <NewRule channels={there} onClose={() => ask(undefined)} />
      )}
      {make === 'channel' && refusal === null && <NewChannel onClose={() => ask(undefined)} />}
    </Page>
  );
}

function Rules({ refusal }: { refusal: string | null }) {
  const rules = useQuery(rulesQuery).data?.rules ?? [];
  const channels = useQuery(channelsQuery).data ?? [];
  if (rules.length === 0) return <p className={styles.none}>Nothing is watched for yet.</p>;
  return (
    <Records
      rows={rules}
      keyOf={({ id }) => id}
      columns={[
        { title: 'Rule', cell: ({ name }) => <bdi>{name}</bdi> },
        { title: 'When', cell: conditionWords },
        {
          title: 'Now',
          cell: ({ stopped, met }) => {
            if (stopped !== null) return <strong className={styles.odd}>stopped ({words(stopped)})</strong>;
            if (met === null) return 'not looked at yet';
            return met ? <strong>met</strong> : 'not met';
          },
        },
        {
          title: 'Last alert',
          cell: ({ lastAlertAt }) => (lastAlertAt === null ? 'never' : <Moment at={lastAlertAt} />),
        },
        {
          title: 'To',
          cell: ({ channelIds }) =>
            channelIds.map((id) => channels.find((channel) => channel.id === id)?.name ?? 'deleted').join(', '),
        },
        {
          title: 'Actions',
          kind: 'actions',
          cell: (rule) => <Switch of="rules" item={rule} stopped={rule.stopped !== null} refusal={refusal} />,
        },
      ]}
    />
  );
}

function Channels({ refusal }: { refusal: string | null }) {
  const channels = useQuery(channelsQuery).data ?? [];
  return (
    <Records
      rows={channels}
      keyOf={({ id }) => id}
      columns={[
        { title: 'Channel', cell: ({ name }) => <bdi>{name}</bdi> },
        { title: 'Kind', cell: ({ kind }) => kind },
        { title: 'To', cell: ({ target }) => <bdi>{target}</bdi> },
        {
          title: 'State',
          cell: ({ state, disabled, lastError }) =>
            state === 'active' ? (
              'active'
            ) : (
              <strong className={styles.odd}>
                {state}
                {disabled !== null && ` (${words(disabled)})`}
                {lastError !== null && `: ${words(lastError)}`}
              </strong>
            ),
        },
        {
          title: 'Last delivered',
          cell: ({ lastDeliveredAt }) => (lastDeliveredAt === null ? 'never' : <Moment at={lastDeliveredAt} />),
        },
        {
          title: 'Actions',
          kind: 'actions',
          cell: (channel) => (
            <>
              <Button
                look="plain"
                refusal={refusal}
                aria-label={`Test ${channel.name}`}
                onClick={() => void testChannel(channel)}
              >
                Test
              </Button>
              <Switch of="channels" item={channel} stopped={channel.state === 'disabled'} refusal={refusal} />
            </>
          ),
        },
      ]}
    />
  );
}

function Switch({
  of,
  item,
  stopped,
  refusal,
}: {
  of: 'rules' | 'channels';
  item: { readonly id: string; readonly name: string };
  stopped: boolean;
  refusal: string | null;
}) {
  const verb = stopped ? 'start' : 'stop';
  return (
    <>
      <Button
        look="plain"
        refusal={refusal}
        aria-label={`${stopped ? 'Start' : 'Stop'} ${item.name}`}
        onClick={() => void alterAlert(of, item, verb)}
      >
        {stopped ? 'Start' : 'Stop'}
      </Button>
      {/* What is deleted cannot be had back: it is stopped first. */}
      {stopped && (
        <Button
          look="plain"
          refusal={refusal}
          aria-label={`Delete ${item.name}`}
          onClick={() => void alterAlert(of, item, 'delete')}
        >
          Delete
        </Button>
      )}
    </>
  );
}

function Deliveries({ refusal }: { refusal: string | null }) {
  const deliveries = useQuery(deliveriesQuery).data ?? [];
  if (deliveries.length === 0) return <p className={styles.none}>Nothing was sent yet. A channel can be tested.</p>;
  return (
    <Records
      rows={deliveries}
      keyOf={({ id }) => id}
      columns={[
        { title: 'Raised', cell: ({ createdAt }) => <Moment at={createdAt} /> },
        {
          title: 'Rule',
          cell: ({ ruleId, ruleName }) => <bdi>{ruleId === null ? 'a test' : (ruleName ?? missing)}</bdi>,
        },
        { title: 'Channel', cell: ({ channelName }) => <bdi>{channelName}</bdi> },
        {
          title: 'Status',
          cell: ({ status, nextAt }) => (
            <>
              {status === 'dead' ? <strong className={styles.odd}>given up</strong> : status}
              {nextAt !== null && (
                <>
                  , again <Moment at={nextAt} />
                </>
              )}
            </>
          ),
        },
        { title: 'Attempts', kind: 'numeric', cell: ({ attempts }) => attempts },
        {
          title: 'Last error',
          cell: ({ lastError, lastStatus }) =>
            lastError === null ? missing : `${words(lastError)}${lastStatus === null ? '' : ` (${lastStatus})`}`,
        },
        {
          title: 'Actions',
          kind: 'actions',
          cell: (delivery) =>
            delivery.status === 'dead' && (
              <Button look="plain" refusal={refusal} onClick={() => void retryDelivery(delivery)}>
                Send again
              </Button>
            ),
        },
      ]}
    />
  );
}
