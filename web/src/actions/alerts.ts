/** The actions on alerts. Making throws what was refused, for the form; everything else shows a failure as a toast. */
import type { z } from 'zod';
import {
  type AlertChannelView,
  type AlertDeliveryView,
  type AlertRuleView,
  alertChannelSchema,
  alertDeliverySchema,
  alertRuleSchema,
  type createChannelSchema,
  type createRuleSchema,
  newAlertChannelSchema,
} from '../../../core/contracts/http/alerts.ts';
import { deliveryNow } from '../api/alert-queries.ts';
import { change } from '../api/client.ts';
import { endSessionOn401, queryClient } from '../api/query-client.ts';
import { toast, toastFailure } from '../components/toasts.tsx';
import { words } from '../text/format.ts';
import { follow } from './follow.ts';

/** Makes a rule. */
export async function createRule(wanted: z.input<typeof createRuleSchema>): Promise<void> {
  try {
    const { data, warnings } = await change('POST', '/alerts/rules', alertRuleSchema, wanted);
    const said = warnings.map(({ message }) => ` ${message}`).join('');
    toast({ tone: said === '' ? 'done' : 'warning', text: `${data.name} is watched for.${said}` });
  } catch (error) {
    endSessionOn401(error);
    throw error;
  }
  await refresh();
}

/** Makes a channel. The answer has the secret of a webhook, which is never shown again. */
export async function createChannel(
  wanted: z.input<typeof createChannelSchema>,
): Promise<z.infer<typeof newAlertChannelSchema>> {
  try {
    const { data } = await change('POST', '/alerts/channels', newAlertChannelSchema, wanted);
    await refresh();
    return data;
  } catch (error) {
    endSessionOn401(error);
    throw error;
  }
}

/** Stops, starts or deletes a rule or a channel. */
export async function alterAlert(
  of: 'rules' | 'channels',
  { id, name }: Pick<AlertRuleView | AlertChannelView, 'id' | 'name'>,
  verb: 'start' | 'stop' | 'delete',
): Promise<void> {
  const path = `/alerts/${of}/${encodeURIComponent(id)}`;
  const done = verb === 'start' ? 'is started' : verb === 'stop' ? 'is stopped' : 'is deleted';
  try {
    const schema = of === 'rules' ? alertRuleSchema : alertChannelSchema;
    const { warnings } = await (verb === 'delete'
      ? change('DELETE', path, schema)
      : change('POST', `${path}/${verb}`, schema));
    const said = warnings.map(({ message }) => ` ${message}`).join('');
    const undo = { label: 'Undo', run: () => void alterAlert(of, { id, name }, verb === 'stop' ? 'start' : 'stop') };
    toast({
      tone: said === '' ? 'done' : 'warning',
      text: `${name} ${done}.${said}`,
      ...(verb === 'delete' ? {} : { action: undo }),
    });
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${name}: nothing was changed`, error);
  }
  await refresh();
}

/** Sends a test to a channel and follows it until it has arrived, or has failed once. */
export async function testChannel({ id, name }: Pick<AlertChannelView, 'id' | 'name'>): Promise<void> {
  let message: number | undefined;
  try {
    const { data } = await change('POST', `/alerts/channels/${encodeURIComponent(id)}/test`, alertDeliverySchema);
    message = toast({ tone: 'doing', text: `A test is on its way to ${name}.` });
    const isOver = ({ status, attempts }: AlertDeliveryView) => status !== 'waiting' || attempts > 0;
    const { status, lastError } = await follow(() => deliveryNow(data.id), isOver, { withinMs: 60_000, seen: data });
    const arrived = status === 'delivered';
    const why = lastError === null ? 'it has not arrived within a minute' : words(lastError);
    toast(
      { tone: arrived ? 'done' : 'warning', text: arrived ? `The test arrived at ${name}.` : `${name}: ${why}.` },
      message,
    );
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${name} was not tested`, error, message);
  }
  await refresh();
}

/** Sends a delivery that was given up once more. */
export async function retryDelivery({ id, channelName }: AlertDeliveryView): Promise<void> {
  try {
    await change('POST', `/alerts/deliveries/${encodeURIComponent(id)}/retry`, alertDeliverySchema);
    toast({ tone: 'done', text: `It is sent to ${channelName} once more.` });
  } catch (error) {
    endSessionOn401(error);
    toastFailure('It was not sent again', error);
  }
  await refresh();
}

async function refresh(): Promise<void> {
  await Promise.all(
    [['alert-rules'], ['alert-channels'], ['alert-deliveries']].map((queryKey) =>
      queryClient.invalidateQueries({ queryKey }),
    ),
  );
}
