import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import {
  type ExportInterval,
  type ExportView,
  exportIntervals,
  mostExportedListings,
} from '../../../../core/contracts/http/exports.ts';
import { startExport } from '../../actions/exports.ts';
import { clock } from '../../api/clock.ts';
import { exchangesQuery } from '../../api/queries.ts';
import { DialogForm } from '../../components/dialog-form.tsx';
import { TextField } from '../../components/text-field.tsx';
import { formatCount } from '../../text/format.ts';

const kinds = [
  ['symbols', 'some symbols'],
  ['exchange', 'an exchange'],
  ['all', 'everything'],
] as const;
/** Days that the form begins with. */
const usualDays = 30;

/** A form that asks for an export. */
export function NewExport({ onMade, onClose }: { onMade: (made: ExportView) => void; onClose: () => void }) {
  const exchanges = useQuery(exchangesQuery).data ?? [];
  const [kind, setKind] = useState<(typeof kinds)[number][0]>('symbols');
  const [symbols, setSymbols] = useState('');
  const [exchange, setExchange] = useState('');
  const [intervals, setIntervals] = useState<readonly ExportInterval[]>(['tick', '1d']);
  const [from, setFrom] = useState(() => clock.dayBefore(usualDays));
  const [to, setTo] = useState(() => clock.dayBefore(0));
  const make = useMutation({
    mutationFn: () =>
      startExport({
        ...(kind === 'symbols' && { symbols: symbols.split(/[\s,;]+/).filter(Boolean) }),
        ...(kind === 'exchange' && { exchange }),
        ...{ intervals: [...intervals], from, to },
      }),
    onSuccess: onMade,
  });
  return (
    <DialogForm title="New export" act="Export" make={make} onClose={onClose}>
      <fieldset>
        <legend>Of</legend>
        {kinds.map(([one, text]) => (
          <label key={one}>
            <input type="radio" name="kind" checked={kind === one} onChange={() => setKind(one)} />
            {text}
          </label>
        ))}
      </fieldset>
      {kind === 'symbols' && (
        <TextField
          label="Symbols, 500 at most"
          required
          placeholder="AAPL, VOD.L"
          value={symbols}
          onChange={setSymbols}
        />
      )}
      {kind === 'exchange' && (
        <label>
          Exchange
          <select required value={exchange} onChange={({ target }) => setExchange(target.value)}>
            <option value="">Choose one</option>
            {exchanges.map(({ mic, name }) => (
              <option key={mic} value={mic}>
                {name} ({mic})
              </option>
            ))}
          </select>
        </label>
      )}
      {kind === 'all' && <p>Where there are {formatCount(mostExportedListings)} listings or fewer.</p>}
      <fieldset>
        <legend>Prices</legend>
        {exportIntervals.map((one) => (
          <label key={one}>
            <input
              type="checkbox"
              checked={intervals.includes(one)}
              onChange={({ target }) =>
                setIntervals(
                  exportIntervals.filter((each) => (each === one ? target.checked : intervals.includes(each))),
                )
              }
            />
            {one === 'tick' ? 'quotes as they came (tick)' : one}
          </label>
        ))}
      </fieldset>
      <TextField label="From (UTC)" type="date" required max={to} value={from} onChange={setFrom} />
      <TextField
        label="To, this day included"
        type="date"
        required
        min={from}
        max={clock.dayBefore(0)}
        value={to}
        onChange={setTo}
      />
    </DialogForm>
  );
}
