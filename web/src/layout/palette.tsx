import { Command } from 'cmdk';
import { useEffect, useRef, useState } from 'react';
import { useSettled } from '../text/settled.ts';
import styles from './palette.module.css';
import { adding, type PaletteCommand, usePaletteCommands } from './palette-commands.tsx';

/** ⌘K: goes anywhere and does anything. Type, choose with the arrows, Enter. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('');
  const asked = useSettled(text);
  const dialog = useRef<HTMLDialogElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const { named, found, answered, added } = usePaletteCommands(text, asked);

  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    field.current?.focus();
  }, []);

  const option = (command: PaletteCommand) => (
    <Command.Item
      key={command.id}
      value={command.id}
      keywords={[command.title, command.detail]}
      className={styles.option}
      onSelect={() => {
        onClose();
        command.run();
      }}
    >
      {command.icon}
      <span className={styles.title}>{command.title}</span>
      <span className={styles.detail}>{command.detail}</span>
    </Command.Item>
  );

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
      <Command
        label="Search instruments, sources, actions"
        loop
        filter={(id, search, keywords) =>
          isOwnAnswer(id) ? ownRank(id, search, answered) : rankOf(search, keywords ?? [])
        }
      >
        <Command.Input
          ref={field}
          className={styles.input}
          placeholder="Symbol, page, or an action such as “run yahoo”"
          maxLength={60}
          value={text}
          onValueChange={setText}
        />
        <Command.List label="Results" className={styles.list}>
          {named.map(option)}
          {found.map(option)}
          {added && option(added)}
          <Command.Empty className={styles.none}>
            Nothing here is called “{text}”. Try a symbol, a page or a source.
          </Command.Empty>
        </Command.List>
      </Command>
    </dialog>
  );
}

/** Whether the API has found it, or it is the text itself: it belongs there whatever its words are. */
function isOwnAnswer(id: string): boolean {
  return id.startsWith('symbol-') || id === 'add-symbol';
}

/**
 * The symbol that was typed is first of all once the API knows it, and until then after what is called so. Others that it
 * found stand between what begins so and what has it.
 */
function ownRank(id: string, search: string, answered: boolean): number {
  if (id === 'add-symbol') return adding.test(search) ? 5 : 1;
  if (id === `symbol-${search.trim().toUpperCase()}`) return answered ? 4 : 0.5;
  return 2;
}

/** 0 unless every word of the search occurs in a title or detail; what begins with it comes before the rest. */
function rankOf(search: string, [title = '', detail = '']: readonly string[]): number {
  const parts = search.toLowerCase().split(/\s+/).filter(Boolean);
  const whole = `${title} ${detail}`.toLowerCase();
  if (!parts.every((part) => whole.includes(part))) return 0;
  return title.toLowerCase().startsWith(parts[0] ?? '') ? 3 : 1;
}
