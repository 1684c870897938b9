import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { z } from 'zod';
import type { createChannelSchema, newAlertChannelSchema } from '../../../../core/contracts/http/alerts.ts';
import { type ChannelKind, channelKinds } from '../../../../core/contracts/words/alerts.ts';
import { createChannel } from '../../actions/alerts.ts';
import { Button } from '../../components/button.tsx';
import { Copyable } from '../../components/copyable.tsx';
import dialogs from '../../components/dialog.module.css';
import { Dialog } from '../../components/dialog.tsx';
import { DialogForm } from '../../components/dialog-form.tsx';
import { TextField } from '../../components/text-field.tsx';

type Made = z.infer<typeof newAlertChannelSchema>;

const kindWords: Readonly<Record<ChannelKind, string>> = {
  webhook: 'Webhook, signed',
  slack: 'Slack',
  ntfy: 'ntfy',
  email: 'Mail',
};

/** A form that makes a channel, then the secret of a webhook, which is shown this once. */
export function NewChannel({ onClose }: { onClose: () => void }) {
  const [made, setMade] = useState<Made | null>(null);
  const [kind, setKind] = useState<ChannelKind>('webhook');
  const [name, setName] = useState('');
  const [to, setTo] = useState('');
  const [token, setToken] = useState('');
  const make = useMutation({
    mutationFn: () => createChannel(wantedOf(kind, name, to, token)),
    onSuccess: (channel) => (channel.secret === null ? onClose() : setMade(channel)),
  });
  if (made !== null)
    return (
      <Dialog title={`${made.name} is made`} onClose={onClose}>
        <p className={dialogs.text}>
          <strong>Copy the secret now: it is not shown again.</strong> By it the receiver checks that a message is from
          here.
        </p>
        <p className={dialogs.secret}>
          <Copyable value={made.secret ?? ''} of="the secret" />
        </p>
        <div className={dialogs.choice}>
          <Button look="primary" onClick={onClose}>
            I have copied it
          </Button>
        </div>
      </Dialog>
    );
  return (
    <DialogForm title="New channel" make={make} onClose={onClose}>
      <fieldset>
        <legend>Kind</legend>
        {channelKinds.map((one) => (
          <label key={one}>
            <input type="radio" name="kind" checked={kind === one} onChange={() => setKind(one)} />
            {kindWords[one]}
          </label>
        ))}
      </fieldset>
      <TextField label="Name" required maxLength={100} placeholder="desk" value={name} onChange={setName} />
      <TextField
        label={kind === 'email' ? 'Mail address' : kind === 'ntfy' ? 'Server and topic' : 'Address'}
        required
        type={kind === 'email' ? 'email' : 'url'}
        placeholder={kind === 'email' ? 'desk@example.com' : 'https://hooks.example.com/…'}
        value={to}
        onChange={setTo}
      />
      {kind === 'ntfy' && (
        <TextField
          label="Access token (where the server wants one)"
          type="password"
          value={token}
          onChange={setToken}
        />
      )}
    </DialogForm>
  );
}

function wantedOf(kind: ChannelKind, name: string, to: string, token: string): z.input<typeof createChannelSchema> {
  if (kind === 'email') return { kind, name, address: to };
  if (kind === 'ntfy') return { kind, name, url: to, token: token === '' ? null : token };
  return { kind, name, url: to };
}
