import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { type RequestError, requestErrorOf } from '../../api/failure.ts';
import { signIn } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Wordmark } from '../../layout/wordmark.tsx';
import styles from './sign-in-page.module.css';

/** Sign-in with an API key. The key exists only in the input field and is gone once the API has answered with a session. */
export function SignInPage({ tokenFailure }: { tokenFailure: unknown }) {
  const [key, setKey] = useState('');
  const field = useId();
  const hint = useId();
  const mutation = useMutation({ mutationFn: signIn });
  const failure = mutation.error ?? tokenFailure;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim() !== '' && !mutation.isPending) mutation.mutate({ key: key.trim() });
  };

  return (
    <main className={styles.page}>
      <title>Sign in · Quotron</title>
      <form className={styles.form} onSubmit={submit}>
        <h1 className={styles.title}>
          <Wordmark />
        </h1>
        <p className={styles.lead}>Sign in to see your market data.</p>
        <label htmlFor={field} className={styles.label}>
          API key
        </label>
        <input
          id={field}
          className={styles.input}
          type="password"
          name="api-key"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          placeholder="qtr_live_…"
          required
          maxLength={200}
          aria-describedby={hint}
          aria-invalid={failure ? true : undefined}
          value={key}
          onChange={(event) => setKey(event.target.value)}
          // biome-ignore lint/a11y/noAutofocus: the only field of the page, and what one came for
          autoFocus
        />
        {failure ? <Refusal failure={requestErrorOf(failure)} byLink={!mutation.error} /> : null}
        <Button look="primary" type="submit" busy={mutation.isPending}>
          {mutation.isPending ? 'Signing in …' : 'Sign in'}
        </Button>
        <p id={hint} className={styles.hint}>
          On your own machine, <code>npm start</code> prints a link that signs you in, and{' '}
          <code>.quotron/local.json</code> has keys. This browser does not store the key.
        </p>
      </form>
    </main>
  );
}

function Refusal({ failure, byLink }: { failure: RequestError; byLink: boolean }) {
  return (
    <div role="alert" className={styles.refusal}>
      <strong>{headline(failure, byLink)}</strong>
      <p>{advice(failure, byLink)}</p>
      {failure.requestId !== null && (
        <p>
          Request <code>{failure.requestId}</code>
        </p>
      )}
    </div>
  );
}

function headline(failure: RequestError, byLink: boolean): string {
  if (failure.status !== 401) return failure.title;
  return byLink ? 'This sign-in link no longer works' : 'This key was not accepted';
}

function advice(failure: RequestError, byLink: boolean): string {
  if (failure.status !== 401) return failure.message;
  return byLink
    ? 'A link signs in once, and only for a while. Run npm start for a new one, or use an API key.'
    : 'It may be mistyped, expired or revoked. Check that it is complete: it begins with qtr_live_.';
}
