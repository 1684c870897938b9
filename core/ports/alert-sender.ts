import type { AlertBody } from '../alerts/body.ts';
import type { ChannelSecret } from '../alerts/channel-secret.ts';
import type { SendOutcome } from '../contracts/alert-deliveries.ts';

export interface AlertMessage {
  /** The same for each attempt. */
  readonly webhookId: string;
  readonly body: AlertBody;
}

/** Sends an alert to where a channel leads. Never throws: what went wrong is in the outcome. */
export type SendAlert = (channel: ChannelSecret, message: AlertMessage) => Promise<SendOutcome>;

/** A mail, as plain text. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** Its Message-ID is made of it, the same for each attempt. */
  readonly id: string;
}

/** Hands a mail to a server. Throws when it is not taken. */
export type SendMail = (mail: Mail) => Promise<void>;
