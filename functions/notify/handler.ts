import * as z from 'zod';
import { secretsManagerStore } from '../../core/adapters/secrets/secret-store.ts';
import { requestOf } from '../../core/alerts/notice.ts';
import { operationsSecretOf } from '../../core/contracts/operations-secret.ts';
import { logger, observed } from '../../core/runtime/observe.ts';
import { setting } from '../../core/runtime/settings.ts';
import { noticeOf } from './notice.ts';
import { sendNotice } from './send-notice.ts';

const secrets = secretsManagerStore();
const secretId = setting('operationsSecret');

const eventSchema = z.object({
  Records: z.array(z.object({ Sns: z.object({ Subject: z.string().nullish(), Message: z.string() }) })),
});

/** Messages of the topic of alarms. Lambda tries a failed one twice more; mails go out whatever happens here. */
export const handler = observed(async (event: unknown) => {
  const { webhook } = operationsSecretOf(await secrets.current(secretId));
  const { Records } = eventSchema.parse(event);
  if (!webhook) {
    logger.info('No webhook is set');
    return { sent: 0 };
  }
  for (const { Sns } of Records)
    await sendNotice(requestOf(webhook, noticeOf({ subject: Sns.Subject ?? null, message: Sns.Message })));
  return { sent: Records.length };
});
