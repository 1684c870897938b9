import { createTransport } from 'nodemailer';
import type { SendMail } from '../../ports/alert-sender.ts';

const patienceMs = 15_000;

/**
 * Mails by a server that speaks SMTP: `smtp://localhost:1025`, `smtps://user:password@mail.example.com`. The address is the
 * operator's, so it may be private.
 */
export function smtpMail(url: string, from: string): SendMail {
  const transport = createTransport({
    url,
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    socketTimeout: patienceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return async ({ to, subject, text, id }) => {
    const host = from.slice(from.lastIndexOf('@') + 1).replace(/>$/, '');
    await transport.sendMail({ from, to, subject, text, messageId: `<${id}@${host}>` });
  };
}
