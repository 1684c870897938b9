import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { FileUp } from 'lucide-react';
import { type ChangeEvent, type FormEvent, useId, useState } from 'react';
import type { ModelView } from '../../../../core/contracts/http/models.ts';
import type { WeightUnit } from '../../../../core/contracts/words/model-faults.ts';
import { previewModel, storeModel } from '../../actions/models.ts';
import { requestErrorOf } from '../../api/failure.ts';
import { modelsQuery } from '../../api/model-queries.ts';
import { Dialog } from '../../components/dialog.tsx';
import { DialogChoice } from '../../components/dialog-choice.tsx';
import { TextField } from '../../components/text-field.tsx';
import { useSettled } from '../../text/settled.ts';
import styles from './import-model.module.css';
import { Preview } from './preview.tsx';

/** Characters. The API takes 64 KB. */
const mostText = 60_000;
const waitMs = 350;
const units: readonly (readonly [WeightUnit | '', string])[] = [
  ['', 'as the file shows'],
  ['fraction', 'fractions (0.25)'],
  ['percent', 'percent (25)'],
];

/** Paste or choose a file, see how it is read, store it. With `former` it changes that model. */
export function ImportModel({ former, onClose }: { former?: ModelView; onClose: () => void }) {
  const navigate = useNavigate();
  const hintId = useId();
  const textId = useId();
  const [name, setName] = useState(former?.name ?? '');
  const [text, setText] = useState(() => (former ? csvOf(former) : ''));
  const [unit, setUnit] = useState<WeightUnit | ''>(former ? 'fraction' : '');
  const [tooLong, setTooLong] = useState(false);
  const settled = useSettled(text, waitMs);
  const id = former?.id ?? idOf(name);
  const written = { id, name, unit: unit === '' ? null : unit, text: settled };
  const preview = useQuery({
    queryKey: ['model-preview', unit, settled],
    queryFn: () => previewModel({ ...written, id: 'preview' }),
    enabled: settled.trim() !== '',
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const taken = useQuery(modelsQuery).data?.find((model) => model.id === id);
  const store = useMutation({
    mutationFn: () => storeModel({ ...written, text }),
    onSuccess: (stored) => {
      onClose();
      void navigate({ to: '/models/$modelId', params: { modelId: stored.id } });
    },
  });
  const failure = store.error ?? preview.error;
  const read = settled.trim() === '' || preview.isError ? undefined : preview.data;
  const waiting = text !== settled || preview.isFetching;
  const refusal =
    id === ''
      ? 'Give it a name first.'
      : read === undefined
        ? 'Paste or choose a file first.'
        : read.faults.length > 0
          ? 'Correct the lines that are wrong first.'
          : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (refusal === null && !waiting) store.mutate();
  };
  const choose = async ({ target }: ChangeEvent<HTMLInputElement>) => {
    const [file] = target.files ?? [];
    if (!file) return;
    setTooLong(file.size > mostText);
    if (file.size > mostText) return;
    setText(await file.text());
    if (name === '') setName(file.name.replace(/\.\w+$/, ''));
  };
  return (
    <Dialog title={former ? `Edit ${former.name ?? former.id}` : 'Import a model'} onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <div className={styles.head}>
          <TextField label="Name" required maxLength={120} placeholder="Sixty forty" value={name} onChange={setName} />
          <label>
            Weights are
            <select
              value={unit}
              onChange={({ target }) => setUnit(units.find(([each]) => each === target.value)?.[0] ?? '')}
            >
              {units.map(([value, shown]) => (
                <option key={value} value={value}>
                  {shown}
                </option>
              ))}
            </select>
          </label>
        </div>
        <div className={styles.holdings}>
          <label htmlFor={textId}>Holdings</label>
          <textarea
            id={textId}
            rows={7}
            spellCheck={false}
            maxLength={mostText}
            aria-describedby={hintId}
            placeholder={'symbol,weight,sector\nAAPL,60%,Technology\nVOD.L,40%,Communication Services'}
            value={text}
            onChange={({ target }) => {
              setText(target.value);
              setTooLong(false);
            }}
          />
        </div>
        <p id={hintId} className={styles.hint}>
          CSV, with or without a heading, or JSON; up to 500 holdings. The sector is optional.
        </p>
        <label className={styles.file}>
          <FileUp aria-hidden="true" /> Choose a file
          <input type="file" accept=".csv,.tsv,.txt,.json,text/csv,application/json" onChange={choose} />
        </label>
        <div aria-live="polite" className={styles.read}>
          {tooLong && <p className={styles.wrong}>The file is larger than 60 KB, and was not read. Split the model.</p>}
          {failure && (
            <p className={styles.wrong}>
              <strong>{requestErrorOf(failure).title}.</strong> {requestErrorOf(failure).message}
            </p>
          )}
          {read && <Preview preview={read} waiting={waiting} />}
          {taken && former === undefined && (
            <p className={styles.hint}>
              It takes the place of “{taken.name ?? taken.id}”, which has this name already.
            </p>
          )}
        </div>
        <DialogChoice act={former ? 'Save' : 'Store it'} busy={store.isPending} refusal={refusal} onClose={onClose} />
      </form>
    </Dialog>
  );
}

/** What a model is called in addresses, from its name: `Core 60/40` is `core-60-40`. */
function idOf(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 64)
    .replace(/-+$/, '');
}

/** A model as it can be typed. */
function csvOf({ holdings }: ModelView): string {
  const quoted = (text: string) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = holdings.map(
    ({ symbol, weight, sector, sectorFrom }) =>
      `${symbol},${weight},${sectorFrom === 'model' && sector !== null ? quoted(sector) : ''}`,
  );
  return ['symbol,weight,sector', ...lines].join('\n');
}
