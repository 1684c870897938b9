import { useMutation, useQuery } from '@tanstack/react-query';
import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import type { ApiKeyView } from '../../../../core/contracts/http/api-keys.ts';
import { revokeKey } from '../../actions/keys.ts';
import { useNow } from '../../api/clock.ts';
import { keysQuery } from '../../api/operations-queries.ts';
import { useRefusal } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import dialogs from '../../components/dialog.module.css';
import { Dialog } from '../../components/dialog.tsx';
import { DialogChoice } from '../../components/dialog-choice.tsx';
import { Moment } from '../../components/moment.tsx';
import { Page } from '../../components/page.tsx';
import { Records } from '../../components/records.tsx';
import { Empty, ErrorState, Loading } from '../../components/states.tsx';
import { missing, plural } from '../../text/format.ts';
import styles from './keys-page.module.css';
import { NewKey } from './new-key.tsx';

/** The API keys: who may use this installation, for what and how long; make and revoke them. */
export function KeysPage() {
  const refusal = useRefusal('admin');
  const keys = useQuery({ ...keysQuery, enabled: refusal === null });
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<ApiKeyView | null>(null);
  return (
    <Page title="Keys" lead="Who may use this installation, for what and until when">
      {refusal !== null && (
        <Empty title="Keys are for admins" icon={<KeyRound aria-hidden="true" />}>
          {refusal}
        </Empty>
      )}
      {refusal === null && (
        <div className={styles.bar}>
          <Button look="primary" icon={<Plus aria-hidden="true" />} onClick={() => setMaking(true)}>
            New key
          </Button>
        </div>
      )}
      {keys.data && <Table keys={keys.data} onRevoke={setRevoking} />}
      {refusal === null && keys.isPending && <Loading what="the keys" />}
      {!keys.data && keys.isError && (
        <ErrorState what="the keys" error={keys.error} retrying={keys.isFetching} onRetry={() => keys.refetch()} />
      )}
      {making && <NewKey onClose={() => setMaking(false)} />}
      {revoking && <Revoke apiKey={revoking} onClose={() => setRevoking(null)} />}
    </Page>
  );
}

function Table({ keys, onRevoke }: { keys: readonly ApiKeyView[]; onRevoke: (key: ApiKeyView) => void }) {
  const now = useNow();
  const isOver = ({ revokedAt, expiresAt }: ApiKeyView) =>
    revokedAt !== null || (expiresAt !== null && Date.parse(expiresAt) <= now);
  return (
    <Records
      rows={keys}
      keyOf={({ id }) => id}
      look={(key) => ({ className: isOver(key) ? styles.over : undefined })}
      columns={[
        { title: 'Name', cell: ({ name }) => <bdi>{name}</bdi> },
        { title: 'Key', cell: ({ prefix }) => <code>{prefix}…</code> },
        { title: 'May', cell: ({ feed, scope }) => (feed === null ? scope : <Feed feed={feed} />) },
        { title: 'Use', cell: ({ use }) => use },
        { title: 'Made', cell: ({ createdAt }) => <Moment at={createdAt} /> },
        { title: 'Last used', cell: ({ lastUsedAt }) => (lastUsedAt === null ? 'never' : <Moment at={lastUsedAt} />) },
        { title: 'Ends', cell: ends },
        {
          title: 'Actions',
          kind: 'actions',
          cell: (key) =>
            !isOver(key) && (
              <Button look="plain" aria-label={`Revoke ${key.name}`} onClick={() => onRevoke(key)}>
                Revoke …
              </Button>
            ),
        },
      ]}
    />
  );
}

function ends({ revokedAt, expiresAt }: ApiKeyView) {
  if (revokedAt === null) return expiresAt === null ? missing : <Moment at={expiresAt} />;
  return (
    <>
      revoked <Moment at={revokedAt} />
    </>
  );
}

function Feed({ feed: { routes, symbols, ratePerMinute } }: { feed: NonNullable<ApiKeyView['feed']> }) {
  const which = symbols === null ? 'all symbols' : plural(symbols.length, 'symbol');
  return (
    <span title={symbols?.join(', ')}>
      feed: {routes.join(', ')}; {which}; {ratePerMinute} a minute
    </span>
  );
}

/** Asks first: a revoked key cannot be had back. */
function Revoke({ apiKey, onClose }: { apiKey: ApiKeyView; onClose: () => void }) {
  const revoke = useMutation({ mutationFn: () => revokeKey(apiKey), onSettled: onClose });
  return (
    <Dialog title={`Revoke ${apiKey.name}?`} narrow onClose={onClose}>
      <p className={dialogs.text}>
        Whoever uses <code>{apiKey.prefix}…</code> is refused from now on, within 30 seconds everywhere, and sessions on
        it end. This cannot be undone: make another key instead.
      </p>
      <DialogChoice act="Revoke it" busy={revoke.isPending} onClose={onClose} onAct={() => revoke.mutate()} />
    </Dialog>
  );
}
