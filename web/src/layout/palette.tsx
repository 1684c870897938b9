import { Command } from 'cmdk';
import { useEffect, useRef, useState } from 'react';
import { useSettled } from '../text/settled.ts';
import styles from './palette.module.css';
import { ranks, usePaletteCommands } from './palette-commands.tsx';

/** ⌘K: goes anywhere and does anything. Type, choose with the arrows, Enter. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('');
  const asked = useSettled(text);
  const dialog = useRef<HTMLDialogElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const commands = usePaletteCommands(text, asked);
  const own = new Map(commands.map(({ id, rank }) => [id, rank]));

  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    field.current?.focus();
  }, []);

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
        filter={(id, search, keywords) => own.get(id) ?? rankOf(search, keywords ?? [])}
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
          {commands.map((command) => (
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
          ))}
          <Command.Empty className={styles.none}>
            Nothing here is called “{text}”. Try a symbol, a page or a source.
          </Command.Empty>
        </Command.List>
      </Command>
    </dialog>
  );
}

/** Nothing unless every word of the search occurs in a title or detail; what begins with it comes before the rest. */
function rankOf(search: string, [title = '', detail = '']: readonly string[]): number {
  const parts = search.toLowerCase().split(/\s+/).filter(Boolean);
  const whole = `${title} ${detail}`.toLowerCase();
  if (!parts.every((part) => whole.includes(part))) return ranks.none;
  return title.toLowerCase().startsWith(parts[0] ?? '') ? ranks.begins : ranks.has;
}
