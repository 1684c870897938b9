import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import {
  Briefcase,
  ChartCandlestick,
  FileDown,
  FileText,
  HeartPulse,
  Play,
  Plus,
  RadioTower,
  RotateCcw,
  Square,
  Stethoscope,
} from 'lucide-react';
import type { ReactNode } from 'react';
import type { SourceView } from '../../../core/contracts/http/operations.ts';
import { diagnose } from '../actions/diagnose.ts';
import { runSource, switchSource } from '../actions/operate.ts';
import { recoverFailing, recoverSource } from '../actions/recover.ts';
import { replayRows } from '../actions/repair.ts';
import { addSymbol, maybeSymbol } from '../actions/watch.ts';
import { modelsQuery } from '../api/model-queries.ts';
import { instrumentsQuery, quarantineQuery, sourcesQuery } from '../api/queries.ts';
import { useRefusal } from '../api/session.ts';
import { plural } from '../text/format.ts';
import { pages } from './pages.tsx';

/** What the palette can do: go somewhere, or do something. */
export interface PaletteCommand {
  readonly id: string;
  readonly icon: ReactNode;
  readonly title: string;
  readonly detail: string;
  /** Where it stands, if it answers the text whatever its words are; others stand where their words put them. */
  readonly rank?: number;
  readonly run: () => void;
}

/** Says that a symbol is to be added. */
const adding = /^\s*(add|collect)\s+/i;

/** Where a command stands for a text, the first highest; nothing is shown at 0. */
export const ranks = { adding: 5, known: 4, begins: 3, found: 2, has: 1, typed: 0.5, none: 0 } as const;

/** The commands for a text; `asked` is the text as of a moment ago, by which the API looks for instruments. */
export function usePaletteCommands(text: string, asked: string): readonly PaletteCommand[] {
  const navigate = useNavigate();
  const sources = useQuery(sourcesQuery).data ?? [];
  const models = useQuery(modelsQuery).data ?? [];
  const refused = useRefusal() !== null;
  const held = new Map<string, number>();
  const quarantined = useQuery(quarantineQuery).data?.rows ?? [];
  for (const { sourceId } of quarantined) held.set(sourceId, (held.get(sourceId) ?? 0) + 1);
  const isAdding = adding.test(text);
  const typed = text.replace(adding, '').trim().toUpperCase();
  const wanted = asked.replace(adding, '').trim();
  const search = useQuery({ ...instrumentsQuery(wanted), enabled: wanted !== '' });
  const instruments = wanted === '' ? [] : (search.data ?? []);
  const showSymbol = (symbol: string) => void navigate({ to: '/market/$symbol', params: { symbol } });
  // For the text as it stands now; until then a symbol is taken as it was typed.
  const answered = !search.isFetching && wanted.toUpperCase() === typed;
  const known = instruments.some(({ symbol }) => symbol === typed);
  // Who types fast does not wait for the API; whether it is new it says then.
  const isNew = maybeSymbol(typed) && !known && (answered || isAdding);
  const pending = !answered && !known && maybeSymbol(typed) && !isAdding;
  const found = pending ? [{ symbol: typed, name: null, exchange: '' }] : instruments;
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
          () => void navigate({ to: '/exports', search: { make: '1' } }),
        )),
    ...sources.flatMap((source) => sourceCommands(source, refused, navigate)),
    ...models.map(({ id, name }) => ({
      id: `model-${id}`,
      icon: <Briefcase />,
      title: name ?? id,
      detail: 'Model',
      run: () => void navigate({ to: '/models/$modelId', params: { modelId: id } }),
    })),
    ...found.map(({ symbol, name, exchange }) => ({
      id: `symbol-${symbol}`,
      icon: <ChartCandlestick />,
      title: symbol,
      detail: name ?? exchange,
      // The one that was typed is first of all where the API knows it, and until then after what is called so. Others stand
      // between what begins so and what has it.
      rank: symbol !== typed ? ranks.found : pending ? ranks.typed : ranks.known,
      run: () => showSymbol(symbol),
    })),
    ...(refused || !isNew
      ? []
      : [
          {
            id: 'add-symbol',
            icon: <Plus />,
            title: `Add ${typed}: collect it from now on`,
            detail: text,
            rank: isAdding ? ranks.adding : ranks.has,
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
  onExport: () => void,
): PaletteCommand[] {
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
      id: 'new-export',
      icon: <FileDown />,
      title: 'Export prices as files',
      detail: 'Action',
      run: onExport,
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

function sourceCommands(
  source: SourceView,
  refused: boolean,
  navigate: ReturnType<typeof useNavigate>,
): PaletteCommand[] {
  const params = { sourceId: source.id };
  const show: PaletteCommand = {
    id: `source-${source.id}`,
    icon: <RadioTower />,
    title: source.title,
    detail: 'Source',
    run: () => navigate({ to: '/sources/$sourceId', params }),
  };
  if (refused) return [show];
  const run: PaletteCommand = {
    id: `run-${source.id}`,
    icon: <Play />,
    title: `Run ${source.title} now`,
    detail: 'Action',
    run: () => runSource(source, (id) => navigate({ to: '/sources/$sourceId', params, search: { run: id } })),
  };
  const turn: PaletteCommand = source.paused
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
  const recover: PaletteCommand = {
    id: `recover-${source.id}`,
    icon: <HeartPulse />,
    title: `Recover ${source.title}`,
    detail: 'Action',
    run: () => recoverSource(source, () => void navigate({ to: '/sources/$sourceId', params })),
  };
  return [show, run, turn, recover];
}
