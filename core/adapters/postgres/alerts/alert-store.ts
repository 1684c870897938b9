import type { AlertStore } from '../../../ports/alert-store.ts';
import type { Pool } from '../database/pool.ts';
import { channelStore } from './channel-store.ts';
import { deliveryStore } from './delivery-store.ts';
import { ruleStore } from './rule-store.ts';

/** Rules, channels and deliveries in Postgres. */
export function alertStore(pool: Pool): AlertStore {
  return { ...ruleStore(pool), ...channelStore(pool), ...deliveryStore(pool) };
}
