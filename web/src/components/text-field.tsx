import type { ComponentProps, ReactNode } from 'react';

/** A line of text in a form, below what it is called. The browser does not offer what was typed before. */
export function TextField({
  label,
  onChange,
  ...input
}: Omit<ComponentProps<'input'>, 'onChange' | 'value'> & {
  label: ReactNode;
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <label>
      {label}
      <input autoComplete="off" {...input} onChange={({ target }) => onChange(target.value)} />
    </label>
  );
}
