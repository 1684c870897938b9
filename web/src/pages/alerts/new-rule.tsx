import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { z } from 'zod';
import type { AlertChannelView, AlertRuleView, createRuleSchema } from '../../../../core/contracts/http/alerts.ts';
import { alertKinds } from '../../../../core/contracts/words/alerts.ts';
import { createRule } from '../../actions/alerts.ts';
import { sourcesQuery } from '../../api/queries.ts';
import { DialogForm } from '../../components/dialog-form.tsx';
import { TextField } from '../../components/text-field.tsx';

type Kind = AlertRuleView['kind'];
type Wanted = z.input<typeof createRuleSchema>;

const kindWords: Readonly<Record<Kind, string>> = {
  price_above: 'a price rises above',
  price_below: 'a price falls below',
  move: 'a price moves in a day by (percent)',
  source_failed: 'a source fails',
  coverage_below: 'daily bars are missing (percent there)',
  findings_over: 'open findings are more than',
  quarantine_over: 'rows in quarantine are more than',
  dispute: 'sources disagree on a price',
};
const needsSymbol: readonly Kind[] = ['price_above', 'price_below', 'move', 'coverage_below'];
const takesSource: readonly Kind[] = ['source_failed', 'coverage_below', 'findings_over', 'quarantine_over'];
const takesFigure: readonly Kind[] = [
  'price_above',
  'price_below',
  'move',
  'coverage_below',
  'findings_over',
  'quarantine_over',
];

/** A form that makes a rule: what is watched for, in which channels it is told, and when it is not. */
export function NewRule({ channels, onClose }: { channels: readonly AlertChannelView[]; onClose: () => void }) {
  const sources = useQuery(sourcesQuery).data ?? [];
  const [name, setName] = useState('');
  const [kind, setKind] = useState<Kind>('price_above');
  const [symbol, setSymbol] = useState('');
  const [figure, setFigure] = useState('');
  const [source, setSource] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>(channels.slice(0, 1).map(({ id }) => id));
  const [quiet, setQuiet] = useState(false);
  const [hours, setHours] = useState({ from: '22:00', to: '07:00' });
  const make = useMutation({
    mutationFn: () =>
      createRule({
        name,
        when: whenOf(kind, symbol, figure, source),
        channelIds: [...chosen],
        quietHours: quiet ? { ...hours, zone: Intl.DateTimeFormat().resolvedOptions().timeZone } : null,
      }),
    onSuccess: onClose,
  });
  return (
    <DialogForm title="New rule" make={make} onClose={onClose}>
      <TextField label="Name" required maxLength={100} placeholder="Apple above 250" value={name} onChange={setName} />
      <label>
        Tell when
        <select
          value={kind}
          onChange={({ target }) => setKind(alertKinds.find((one) => one === target.value) ?? 'price_above')}
        >
          {alertKinds.map((one) => (
            <option key={one} value={one}>
              {kindWords[one]}
            </option>
          ))}
        </select>
      </label>
      {(needsSymbol.includes(kind) || kind === 'dispute') && (
        <TextField
          label={kind === 'dispute' ? 'Symbol (any, when empty)' : 'Symbol'}
          required={kind !== 'dispute'}
          placeholder="AAPL"
          value={symbol}
          onChange={setSymbol}
        />
      )}
      {takesFigure.includes(kind) && (
        <TextField
          label={
            kind === 'price_above' || kind === 'price_below' ? 'Price' : kind.endsWith('_over') ? 'Count' : 'Percent'
          }
          required
          inputMode="decimal"
          pattern="\d+(\.\d+)?"
          value={figure}
          onChange={setFigure}
        />
      )}
      {takesSource.includes(kind) && (
        <label>
          Source
          <select
            required={kind === 'coverage_below'}
            value={source}
            onChange={({ target }) => setSource(target.value)}
          >
            <option value="">{kind === 'coverage_below' ? 'Choose one' : 'Any'}</option>
            {sources.map(({ id, title }) => (
              <option key={id} value={id}>
                {title}
              </option>
            ))}
          </select>
        </label>
      )}
      <fieldset>
        <legend>Channels</legend>
        {channels.map(({ id, name: channel }) => (
          <label key={id}>
            <input
              type="checkbox"
              checked={chosen.includes(id)}
              onChange={({ target }) =>
                setChosen(target.checked ? [...chosen, id] : chosen.filter((other) => other !== id))
              }
            />
            <bdi>{channel}</bdi>
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>Quiet hours: alerts wait until they are over</legend>
        <label>
          <input type="checkbox" checked={quiet} onChange={({ target }) => setQuiet(target.checked)} />
          hold them
        </label>
        {quiet && (
          <>
            <label>
              from
              <input
                type="time"
                required
                value={hours.from}
                onChange={({ target }) => setHours({ ...hours, from: target.value })}
              />
            </label>
            <label>
              to
              <input
                type="time"
                required
                value={hours.to}
                onChange={({ target }) => setHours({ ...hours, to: target.value })}
              />
            </label>
          </>
        )}
      </fieldset>
    </DialogForm>
  );
}

function whenOf(kind: Kind, symbol: string, figure: string, source: string): Wanted['when'] {
  const sourceId = source === '' ? null : source;
  switch (kind) {
    case 'price_above':
    case 'price_below':
      return { kind, symbol, price: figure };
    case 'move':
      return { kind, symbol, percent: Number(figure) };
    case 'source_failed':
      return { kind, sourceId };
    case 'coverage_below':
      return { kind, symbol, sourceId: source, percent: Number(figure) };
    case 'findings_over':
    case 'quarantine_over':
      return { kind, count: Number(figure), sourceId };
    case 'dispute':
      return { kind, symbol: symbol.trim() === '' ? null : symbol };
    default:
      return kind satisfies never;
  }
}
