import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { z } from 'zod';
import type { createKeySchema, newApiKeySchema } from '../../../../core/contracts/http/api-keys.ts';
import { type Scope, scopes } from '../../../../core/contracts/words/access.ts';
import { apiFeedRoutes } from '../../../../core/contracts/words/feed-routes.ts';
import { type KeyUse, usesWithin } from '../../../../core/contracts/words/licence.ts';
import { createKey } from '../../actions/keys.ts';
import { clock } from '../../api/clock.ts';
import { sessionQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Copyable } from '../../components/copyable.tsx';
import dialogs from '../../components/dialog.module.css';
import { Dialog } from '../../components/dialog.tsx';
import { DialogForm } from '../../components/dialog-form.tsx';
import { TextField } from '../../components/text-field.tsx';

type NewApiKey = z.infer<typeof newApiKeySchema>;

const kinds = ['key', 'feed'] as const;
const meaning: Record<Scope, string> = {
  read: 'reads prices and how everything is',
  operate: 'also runs, stops and recovers sources',
  admin: 'also manages keys and credentials',
};
const ends = [
  { days: 30, text: 'in 30 days' },
  { days: 90, text: 'in 90 days' },
  { days: 365, text: 'in a year' },
  { days: null, text: 'never' },
] as const;
const feedRoutes = [...apiFeedRoutes, 'yahoo'] as const;

/** A form that makes a key, then the key, which is shown this once. */
export function NewKey({ onClose }: { onClose: () => void }) {
  const [made, setMade] = useState<NewApiKey | null>(null);
  return made === null ? (
    <Form onMade={setMade} onClose={onClose} />
  ) : (
    <Dialog title={`${made.name} is made`} onClose={onClose}>
      <Made made={made} />
      <div className={dialogs.choice}>
        <Button look="primary" onClick={onClose}>
          I have copied it
        </Button>
      </div>
    </Dialog>
  );
}

function Form({ onMade, onClose }: { onMade: (made: NewApiKey) => void; onClose: () => void }) {
  const own = useQuery(sessionQuery).data?.use ?? 'internal';
  const [name, setName] = useState('');
  const [kind, setKind] = useState<(typeof kinds)[number]>('key');
  const [scope, setScope] = useState<Scope>('read');
  const [use, setUse] = useState<KeyUse>(own);
  const [days, setDays] = useState<number | null>(90);
  const [routes, setRoutes] = useState<readonly string[]>(['quotes', 'bars']);
  const [symbols, setSymbols] = useState('');
  const [rate, setRate] = useState(60);
  const isFeed = kind === 'feed';
  const make = useMutation({
    mutationFn: () => {
      const only = symbols.split(/[\s,]+/).filter(Boolean);
      const wanted: z.input<typeof createKeySchema> = {
        name,
        use,
        expiresAt: days === null ? null : new Date(clock.now() + days * 86_400_000).toISOString(),
        ...(isFeed
          ? { feed: { routes: [...routes], ratePerMinute: rate, ...(only.length > 0 ? { symbols: only } : {}) } }
          : { scope }),
      };
      return createKey(wanted);
    },
    onSuccess: onMade,
  });
  return (
    <DialogForm title="New key" make={make} onClose={onClose}>
      <TextField label="Name" required maxLength={100} placeholder="grafana" value={name} onChange={setName} />
      <fieldset>
        <legend>Kind</legend>
        <label>
          <input type="radio" name="kind" checked={!isFeed} onChange={() => setKind('key')} />
          API key, sent in a header
        </label>
        <label>
          <input
            type="radio"
            name="kind"
            checked={isFeed}
            onChange={() => {
              setKind('feed');
              setDays((before) => before ?? 365);
            }}
          />
          Feed token, for clients that can send no header, such as a spreadsheet
        </label>
      </fieldset>
      {isFeed ? (
        <>
          <fieldset>
            <legend>May read</legend>
            {feedRoutes.map((one) => (
              <label key={one}>
                <input
                  type="checkbox"
                  checked={routes.includes(one)}
                  onChange={({ target }) =>
                    setRoutes(target.checked ? [...routes, one] : routes.filter((other) => other !== one))
                  }
                />
                {one === 'yahoo' ? 'the Yahoo proxy' : one}
              </label>
            ))}
          </fieldset>
          <TextField
            label="Only these symbols (all, when empty)"
            placeholder="AAPL, VOD.L"
            value={symbols}
            onChange={setSymbols}
          />
          <label>
            Requests a minute
            <input
              type="number"
              min={1}
              max={3_000}
              value={rate}
              onChange={({ target }) => setRate(Number(target.value))}
            />
          </label>
        </>
      ) : (
        <fieldset>
          <legend>Scope</legend>
          {scopes.map((one) => (
            <label key={one}>
              <input type="radio" name="scope" checked={scope === one} onChange={() => setScope(one)} />
              <span>
                {one}: {meaning[one]}
              </span>
            </label>
          ))}
        </fieldset>
      )}
      <fieldset>
        <legend>Use: which sources it may see, by their licence</legend>
        {usesWithin(own).map((one) => (
          <label key={one}>
            <input type="radio" name="use" checked={use === one} onChange={() => setUse(one)} />
            {one}
          </label>
        ))}
      </fieldset>
      <label>
        Ends
        <select
          value={days ?? 'never'}
          onChange={({ target }) => setDays(target.value === 'never' ? null : Number(target.value))}
        >
          {ends
            .filter((end) => !(isFeed && end.days === null))
            .map((end) => (
              <option key={end.text} value={end.days ?? 'never'}>
                {end.text}
              </option>
            ))}
        </select>
      </label>
    </DialogForm>
  );
}

function Made({ made: { key, feed } }: { made: NewApiKey }) {
  const origin = location.origin;
  return (
    <>
      <p className={dialogs.text}>
        <strong>Copy it now: it is not shown again.</strong> Only its hash is kept.
      </p>
      <p className={dialogs.secret}>
        <Copyable value={key} of="the key" />
      </p>
      {feed !== null && (
        <>
          <p className={dialogs.text}>As an address:</p>
          {feed.routes.map((route) => (
            <p key={route} className={dialogs.secret}>
              <Copyable value={addressOf(origin, key, route, feed.symbols)} of={`the address of ${route}`} />
            </p>
          ))}
        </>
      )}
    </>
  );
}

/** An address that reads one of the routes that a feed token is bound to. */
function addressOf(origin: string, key: string, route: string, symbols: readonly string[] | null): string {
  const symbol = encodeURIComponent(symbols?.[0] ?? 'AAPL');
  if (route.startsWith('yahoo')) return `${origin}/yahoo/k/${key}/v8/finance/chart/${symbol}`;
  const path = route === 'quotes' || route === 'bars' ? `${route}/${symbol}?format=csv` : route;
  return `${origin}/api/v1/k/${key}/${path}`;
}
