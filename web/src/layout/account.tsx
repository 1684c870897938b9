import { useMutation, useQuery } from '@tanstack/react-query';
import { CircleUser, LogOut } from 'lucide-react';
import { useState } from 'react';
import { sessionQuery } from '../api/queries.ts';
import { signOut } from '../api/session.ts';
import { Button } from '../components/button.tsx';
import { classNames } from '../components/class-names.ts';
import { Dialog } from '../components/dialog.tsx';
import { Moment } from '../components/moment.tsx';
import { toastFailure } from '../components/toasts.tsx';
import { capital } from '../text/format.ts';
import { chooseTheme, chosenTheme, themes } from '../theme/theme.ts';
import styles from './account.module.css';

/** Who is signed in, with what rights and for how long; light or dark; the way out. */
export function Account({ className }: { className: string | undefined }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className={classNames(className, styles.button)}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        <CircleUser />
        <span>Account</span>
      </button>
      {open && <AccountDialog onClose={() => setOpen(false)} />}
    </>
  );
}

function AccountDialog({ onClose }: { onClose: () => void }) {
  const session = useQuery(sessionQuery).data;
  const [theme, setTheme] = useState(chosenTheme);
  const leaving = useMutation({
    mutationFn: signOut,
    onError: (error) => toastFailure('You are still signed in', error),
  });
  return (
    <Dialog title="Account" narrow onClose={onClose}>
      {session && (
        <dl className={styles.facts}>
          <dt>Signed in as</dt>
          <dd>{session.name}</dd>
          <dt>May</dt>
          <dd>{session.scopes.join(', ')}</dd>
          <dt>For use</dt>
          <dd>{session.use}</dd>
          <dt>Session ends</dt>
          <dd>
            <Moment at={session.expiresAt} />
          </dd>
        </dl>
      )}
      <fieldset className={styles.themes}>
        <legend>Appearance</legend>
        {themes.map((one) => (
          <label key={one}>
            <input
              type="radio"
              name="theme"
              checked={theme === one}
              onChange={() => {
                chooseTheme(one);
                setTheme(one);
              }}
            />
            {capital(one)}
          </label>
        ))}
      </fieldset>
      <Button icon={<LogOut />} busy={leaving.isPending} onClick={() => leaving.mutate()}>
        Sign out
      </Button>
    </Dialog>
  );
}
