/** What the page of alerts reads. */
import { queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import { alertChannelSchema, alertDeliverySchema, alertRuleSchema } from '../../../core/contracts/http/alerts.ts';
import { reader } from './client.ts';

const readRules = reader(z.array(alertRuleSchema));
const readChannels = reader(z.array(alertChannelSchema));
const readDeliveries = reader(z.array(alertDeliverySchema));
const readDelivery = reader(alertDeliverySchema);

/** The newest rules, and whether there are more. */
export const rulesQuery = queryOptions({
  queryKey: ['alert-rules'],
  queryFn: async ({ signal }) => {
    const { data, meta } = await readRules('/alerts/rules?limit=200', signal);
    return { rules: data, more: meta.nextCursor !== undefined };
  },
  refetchInterval: 30_000,
});

/** Where alerts go. */
export const channelsQuery = queryOptions({
  queryKey: ['alert-channels'],
  queryFn: async ({ signal }) => (await readChannels('/alerts/channels?limit=200', signal)).data,
  refetchInterval: 30_000,
});

/** The newest deliveries. */
export const deliveriesQuery = queryOptions({
  queryKey: ['alert-deliveries'],
  queryFn: async ({ signal }) => (await readDeliveries('/alerts/deliveries?limit=50', signal)).data,
  refetchInterval: 10_000,
});

/** One delivery, as it stands now. */
export async function deliveryNow(id: string) {
  return (await readDelivery(`/alerts/deliveries/${encodeURIComponent(id)}`)).data;
}
