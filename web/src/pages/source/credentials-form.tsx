import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { SourceView } from '../../../../core/contracts/http/operations.ts';
import { setCredentials } from '../../actions/credentials.ts';
import { DialogForm } from '../../components/dialog-form.tsx';
import { TextField } from '../../components/text-field.tsx';

type Form = NonNullable<SourceView['credentials']>['form'];

interface Field {
  readonly name: string;
  readonly label: string;
  readonly secret: boolean;
  readonly required: boolean;
}

const username: Field = { name: 'username', label: 'User name', secret: false, required: true };
const password: Field = { name: 'password', label: 'Password', secret: true, required: true };
const fields: Readonly<Record<Form, readonly Field[]>> = {
  'api-key': [{ name: 'apiKey', label: 'API key of the source', secret: true, required: true }],
  login: [username, password],
  'totp-login': [
    username,
    password,
    { name: 'totpSecret', label: 'Secret of the authenticator app (if any)', secret: true, required: false },
  ],
};

/** A form that sets a source's credentials and never shows any. A key confirms it, so that an open page alone sets nothing. */
export function CredentialsForm({ source, form, onClose }: { source: SourceView; form: Form; onClose: () => void }) {
  const [given, setGiven] = useState<ReadonlyMap<string, string>>(new Map());
  const [key, setKey] = useState('');
  const make = useMutation({
    mutationFn: () =>
      setCredentials(source, Object.fromEntries([...given].filter(([, value]) => value !== '')), key.trim()),
    onSuccess: onClose,
  });
  return (
    <DialogForm title={`Credentials of ${source.title}`} act="Set them" make={make} onClose={onClose}>
      {fields[form].map(({ name, label, secret, required }) => (
        <TextField
          key={name}
          label={label}
          required={required}
          type={secret ? 'password' : 'text'}
          maxLength={500}
          value={given.get(name) ?? ''}
          onChange={(value) => setGiven(new Map(given).set(name, value))}
        />
      ))}
      <TextField
        label="Your key of scope admin, which confirms it"
        required
        type="password"
        maxLength={200}
        placeholder="qtr_…"
        value={key}
        onChange={setKey}
      />
    </DialogForm>
  );
}
