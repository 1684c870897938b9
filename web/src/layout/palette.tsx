import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import {
  Briefcase,
  ChartCandlestick,
  FileText,
  HeartPulse,
  Play,
  Plus,
  RadioTower,
  RotateCcw,
  Square,
  Stethoscope,
} from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import type { SourceView } from '../../../core/contracts/http/operations.ts';
import { diagnose } from '../actions/diagnose.ts';
import { runSource, switchSource } from '../actions/operate.ts';
import { recoverFailing, recoverSource } from '../actions/recover.ts';
import { replayRows } from '../actions/repair.ts';
import { addSymbol, maybeSymbol } from '../actions/watch.ts';
import { modelsQuery } from '../api/model-queries.ts';
import { quarantineQuery, quotesQuery, sourcesQuery } from '../api/queries.ts';
import { useRefusal } from '../api/session.ts';
import { plural } from '../text/format.ts';
import { pages } from './pages.tsx';
import styles from './palette.module.css';

interface Command {
  readonly id: string;
  readonly icon: ReactNode;
  readonly title: string;
  readonly detail: string;
  readonly run: () => void;
}

const shownAtMost = 12;

/** ⌘K: goes anywhere and does anything. Type, choose with the arrows, Enter. */
export function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const listId = useId();
  const commands = useCommands(text);
  const found = match(commands, text);
  const chosen = found[Math.min(at, found.length - 1)];

  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
  }, []);
  useEffect(() => {
    if (chosen) list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);

  const choose = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    command.run();
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setAt((at + 1) % Math.max(1, found.length));
    else if (event.key === 'ArrowUp') setAt((at - 1 + found.length) % Math.max(1, found.length));
    else if (event.key === 'Enter') choose(chosen);
    else return;
    event.preventDefault();
  };

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it; the click is on the backdrop
    <dialog
      ref={dialog}
      className={styles.palette}
      aria-label="Search"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <input
        className={styles.input}
        type="text"
        role="combobox"
        aria-label="Search instruments, sources, actions"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={chosen ? `${listId}-${chosen.id}` : undefined}
        placeholder="Symbol, page, or an action such as “run yahoo”"
        autoComplete="off"
        spellCheck={false}
        maxLength={60}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={keys}
      />
      <div ref={list} id={listId} role="listbox" aria-label="Results" className={styles.list}>
        {found.map((command) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled by the field, which keeps the focus
          <div
            key={command.id}
            id={`${listId}-${command.id}`}
            role="option"
            tabIndex={-1}
            aria-selected={command === chosen}
            className={styles.option}
            onClick={() => choose(command)}
          >
            {command.icon}
            <span className={styles.title}>{command.title}</span>
            <span className={styles.detail}>{command.detail}</span>
          </div>
        ))}
      </div>
      {found.length === 0 && (
        <p className={styles.none}>Nothing here is called “{text}”. Try a symbol, a page or a source.</p>
      )}
    </dialog>
  );
}

function useCommands(text: string): Command[] {
  const navigate = useNavigate();
  const quotes = useQuery({ ...quotesQuery, refetchInterval: false }).data?.quotes ?? [];
  const sources = useQuery(sourcesQuery).data ?? [];
  const models = useQuery(modelsQuery).data ?? [];
  const refused = useRefusal() !== null;
  const held = new Map<string, number>();
  const quarantined = useQuery(quarantineQuery).data?.rows ?? [];
  for (const { sourceId } of quarantined) held.set(sourceId, (held.get(sourceId) ?? 0) + 1);
  const showSymbol = (symbol: string) => void navigate({ to: '/market/$symbol', params: { symbol } });
  const typed = text
    .trim()
    .toUpperCase()
    .replace(/^(ADD|COLLECT)\s+/, '');
  const isNew = maybeSymbol(typed) && !quotes.some(({ instrument }) => instrument.symbol === typed);
  return [
    ...pages.map(({ to, label }) => ({
      id: `page-${label}`,
      icon: <FileText />,
      title: label,
      detail: 'Page',
      run: () => void navigate({ to }),
    })),
    ...(refused
      ? []
      : systemCommands(
          sources,
          held,
          (report) => void navigate({ to: '/diagnose', search: { report } }),
          () => void navigate({ to: '/models', search: { import: '1' } }),
        )),
    ...sources.flatMap((source) => sourceCommands(source, refused, navigate)),
    ...models.map(({ id, name }) => ({
      id: `model-${id}`,
      icon: <Briefcase />,
      title: name ?? id,
      detail: 'Model',
      run: () => void navigate({ to: '/models/$modelId', params: { modelId: id } }),
    })),
    ...quotes.map(({ instrument }) => ({
      id: `symbol-${instrument.symbol}`,
      icon: <ChartCandlestick />,
      title: instrument.symbol,
      detail: instrument.name ?? instrument.exchange,
      run: () => showSymbol(instrument.symbol),
    })),
    ...(refused || !isNew
      ? []
      : [
          {
            id: 'add-symbol',
            icon: <Plus />,
            title: `Add ${typed}: collect it from now on`,
            detail: text,
            run: () => void addSymbol(typed, showSymbol),
          },
        ]),
  ];
}

/** What is about all sources at once. */
function systemCommands(
  sources: readonly SourceView[],
  held: ReadonlyMap<string, number>,
  onReport: (id: string) => void,
  onImport: () => void,
): Command[] {
  return [
    {
      id: 'diagnose',
      icon: <Stethoscope />,
      title: 'Diagnose now',
      detail: 'Action',
      run: () => void diagnose().then((id) => id !== null && onReport(id)),
    },
    {
      id: 'import-model',
      icon: <Briefcase />,
      title: 'Import a model',
      detail: 'Action',
      run: onImport,
    },
    {
      id: 'recover-failing',
      icon: <HeartPulse />,
      title: 'Recover all failing',
      detail: 'Action',
      run: () => void recoverFailing(sources),
    },
    ...[...held].map(([sourceId, rows]) => ({
      id: `replay-${sourceId}`,
      icon: <RotateCcw />,
      title: `Replay the quarantine of ${sourceId}`,
      detail: `Action, ${plural(rows, 'row')}`,
      run: () => void replayRows({ sourceId }, `the quarantine of ${sourceId}`),
    })),
  ];
}

function sourceCommands(source: SourceView, refused: boolean, navigate: ReturnType<typeof useNavigate>): Command[] {
  const params = { sourceId: source.id };
  const show: Command = {
    id: `source-${source.id}`,
    icon: <RadioTower />,
    title: source.title,
    detail: 'Source',
    run: () => navigate({ to: '/sources/$sourceId', params }),
  };
  if (refused) return [show];
  const run: Command = {
    id: `run-${source.id}`,
    icon: <Play />,
    title: `Run ${source.title} now`,
    detail: 'Action',
    run: () => runSource(source, (id) => navigate({ to: '/sources/$sourceId', params, search: { run: id } })),
  };
  const turn: Command = source.paused
    ? {
        id: `start-${source.id}`,
        icon: <Play />,
        title: `Start ${source.title}`,
        detail: 'Action',
        run: () => switchSource(source, 'start'),
      }
    : {
        id: `stop-${source.id}`,
        icon: <Square />,
        title: `Stop ${source.title}`,
        detail: 'Action',
        run: () => switchSource(source, 'stop'),
      };
  const recover: Command = {
    id: `recover-${source.id}`,
    icon: <HeartPulse />,
    title: `Recover ${source.title}`,
    detail: 'Action',
    run: () => recoverSource(source, () => void navigate({ to: '/sources/$sourceId', params })),
  };
  return [show, run, turn, recover];
}

/** The commands in whose title or detail every word of the text occurs; those whose title begins with it come first. */
function match(commands: readonly Command[], text: string): Command[] {
  const parts = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = commands.filter(({ title, detail }) => {
    const whole = `${title} ${detail}`.toLowerCase();
    return parts.every((part) => whole.includes(part));
  });
  const rank = ({ title }: Command) => (title.toLowerCase().startsWith(parts[0] ?? '') ? 0 : 1);
  return found.toSorted((a, b) => rank(a) - rank(b)).slice(0, shownAtMost);
}
