import type { ComponentPropsWithRef, ReactNode } from 'react';
import styles from './button.module.css';
import { classNames } from './class-names.ts';

type ButtonProps = ComponentPropsWithRef<'button'> & {
  /** `primary` at most once in view; `plain` has no border until it is pointed at. */
  look?: 'primary' | 'normal' | 'plain';
  icon?: ReactNode;
  /** The action is under way: it cannot be pressed again, and says so. */
  busy?: boolean;
  /** Why it may not be pressed, shown when it is pointed at; `null` where it may. */
  refusal?: string | null;
};

/** A button. While busy it keeps its place in the tab order, so that focus is not lost. */
export function Button({
  look = 'normal',
  icon,
  busy = false,
  refusal = null,
  children,
  className,
  onClick,
  ...rest
}: ButtonProps) {
  const refused = busy || refusal !== null;
  return (
    <button
      type="button"
      {...rest}
      className={classNames(styles.button, styles[look], className)}
      aria-disabled={refused || undefined}
      title={refusal ?? rest.title}
      onClick={refused ? (event) => event.preventDefault() : onClick}
    >
      {icon}
      {children}
    </button>
  );
}

/** A button that is only an icon; `label` is what it is called and what shows on hover. */
export function IconButton({ label, icon, className, ...rest }: Omit<ButtonProps, 'children'> & { label: string }) {
  return (
    <Button look="plain" {...rest} aria-label={label} title={label} className={classNames(styles.icon, className)}>
      {icon}
    </Button>
  );
}
