import styles from './switch.module.css';

/** A switch for something that is on or off. Its label is beside it; `label` names it for those who do not see that. */
export function Switch({
  label,
  on,
  busy,
  disabled,
  title,
  onChange,
}: {
  label: string;
  on: boolean;
  busy: boolean;
  disabled: boolean;
  title?: string | undefined;
  onChange: (on: boolean) => void;
}) {
  const refused = busy || disabled;
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      aria-label={label}
      aria-disabled={refused || undefined}
      title={title}
      className={styles.switch}
      onClick={() => {
        if (!refused) onChange(!on);
      }}
    >
      <span className={styles.knob} />
    </button>
  );
}
