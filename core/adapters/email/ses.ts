import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import type { SendMail } from '../../ports/alert-sender.ts';

/** Mails by Amazon SES. `from` must be an address, or of a domain, that SES has verified. */
export function sesMail(from: string, client = new SESv2Client({ maxAttempts: 1 })): SendMail {
  return async ({ to, subject, text, id }) => {
    const content = (Data: string) => ({ Data, Charset: 'UTF-8' });
    await client.send(
      new SendEmailCommand({
        FromEmailAddress: from,
        Destination: { ToAddresses: [to] },
        Content: {
          Simple: {
            Subject: content(subject),
            Body: { Text: content(text) },
            // SES gives each mail a Message-ID of its own: by this one, attempts at one alert are known.
            Headers: [{ Name: 'X-Quotron-Alert', Value: id }],
          },
        },
      }),
    );
  };
}
