import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Bell, Plus } from 'lucide-react';
import { alterAlert, retryDelivery, testChannel } from '../../actions/alerts.ts';
import { channelsQuery, deliveriesQuery, rulesQuery } from '../../api/alert-queries.ts';
import { useRefusal } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Moment } from '../../components/moment.tsx';
import { Page, Section } from '../../components/page.tsx';
import { Empty, ErrorState, Loading } from '../../components/states.tsx';
import tables from '../../components/table.module.css';
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
    <div className={tables.scroller}>
      <table className={tables.table}>
        <thead>
          <tr>
            <th>Rule</th>
            <th>When</th>
            <th>Now</th>
            <th>Last alert</th>
            <th>To</th>
            <th>Actions</th>
          </tr>
        </thead>
        <tbody>
          {rules.map((rule) => (
            <tr key={rule.id}>
              <th scope="row">
                <bdi>{rule.name}</bdi>
              </th>
              <td>{conditionWords(rule)}</td>
              <td>
                {rule.stopped !== null ? (
                  <strong className={styles.odd}>stopped ({words(rule.stopped)})</strong>
                ) : rule.met === null ? (
                  'not looked at yet'
                ) : rule.met ? (
                  <strong>met</strong>
                ) : (
                  'not met'
                )}
              </td>
              <td>{rule.lastAlertAt === null ? 'never' : <Moment at={rule.lastAlertAt} />}</td>
              <td>
                {rule.channelIds
                  .map((id) => channels.find((channel) => channel.id === id)?.name ?? 'deleted')
                  .join(', ')}
              </td>
              <td>
                <Switch of="rules" item={rule} stopped={rule.stopped !== null} refusal={refusal} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Channels({ refusal }: { refusal: string | null }) {
  const channels = useQuery(channelsQuery).data ?? [];
  return (
    <div className={tables.scroller}>
      <table className={tables.table}>
        <thead>
          <tr>
            <th>Channel</th>
            <th>Kind</th>
            <th>To</th>
            <th>State</th>
            <th>Last delivered</th>
            <th>Actions</th>
          </tr>
        </thead>
        <tbody>
          {channels.map((channel) => (
            <tr key={channel.id}>
              <th scope="row">
                <bdi>{channel.name}</bdi>
              </th>
              <td>{channel.kind}</td>
              <td>
                <bdi>{channel.target}</bdi>
              </td>
              <td>
                {channel.state === 'active' ? (
                  'active'
                ) : (
                  <strong className={styles.odd}>
                    {channel.state}
                    {channel.disabled !== null && ` (${words(channel.disabled)})`}
                    {channel.lastError !== null && `: ${words(channel.lastError)}`}
                  </strong>
                )}
              </td>
              <td>{channel.lastDeliveredAt === null ? 'never' : <Moment at={channel.lastDeliveredAt} />}</td>
              <td>
                <Button
                  look="plain"
                  refusal={refusal}
                  aria-label={`Test ${channel.name}`}
                  onClick={() => void testChannel(channel)}
                >
                  Test
                </Button>
                <Switch of="channels" item={channel} stopped={channel.state === 'disabled'} refusal={refusal} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
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
    <div className={tables.scroller}>
      <table className={tables.table}>
        <thead>
          <tr>
            <th>Raised</th>
            <th>Rule</th>
            <th>Channel</th>
            <th>Status</th>
            <th className={tables.numeric}>Attempts</th>
            <th>Last error</th>
            <th>Actions</th>
          </tr>
        </thead>
        <tbody>
          {deliveries.map((delivery) => (
            <tr key={delivery.id}>
              <td>
                <Moment at={delivery.createdAt} />
              </td>
              <td>
                <bdi>{delivery.ruleId === null ? 'a test' : (delivery.ruleName ?? missing)}</bdi>
              </td>
              <td>
                <bdi>{delivery.channelName}</bdi>
              </td>
              <td>
                {delivery.status === 'dead' ? <strong className={styles.odd}>given up</strong> : delivery.status}
                {delivery.nextAt !== null && (
                  <>
                    , again <Moment at={delivery.nextAt} />
                  </>
                )}
              </td>
              <td className={tables.numeric}>{delivery.attempts}</td>
              <td>
                {delivery.lastError === null ? missing : words(delivery.lastError)}
                {delivery.lastError !== null && delivery.lastStatus !== null && ` (${delivery.lastStatus})`}
              </td>
              <td>
                {delivery.status === 'dead' && (
                  <Button look="plain" refusal={refusal} onClick={() => void retryDelivery(delivery)}>
                    Send again
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
