import * as z from 'zod';

/** Where alarms go besides mail: Slack's incoming webhooks and ntfy want bodies of their own. */
export const webhookSchema = z.object({
  form: z.enum(['slack', 'ntfy']),
  url: z.url({ protocol: /^https$/ }),
});

/** What a stage's secret of operations holds. It begins as `{}`, and a person sets what is wanted. */
export const operationsSecretSchema = z.object({
  /** A key of scope `read`, with which the canary asks for a price. */
  canaryKey: z.string().optional(),
  webhook: webhookSchema.optional(),
});

/** The secret as it was read; `null` for one without a value. Throws for one that holds something else. */
export function operationsSecretOf(text: string | null): z.infer<typeof operationsSecretSchema> {
  return operationsSecretSchema.parse(JSON.parse(text ?? '{}'));
}
