/**
 * Publishes the events of the outbox: at least once, those of a key in order. One relay works at a time.
 *
 *   1. claim the first waiting events, which takes the lease; while another relay has it, there is nothing to do
 *   2. send them: of a key nothing after one that was not taken
 *   3. acknowledge those that were; the last time gives the lease back
 *
 * A relay that dies between two steps leaves the events waiting: the next one sends them again, with the same ids.
 */
import type { CloudEvent } from '../contracts/events/cloud-event.ts';
import type { ClaimedEvent } from '../contracts/events/relay.ts';
import type { StateResponses } from '../contracts/state.ts';
import { inEnvelope } from '../events/envelope.ts';
import { eventOf } from '../events/former-release.ts';
import type { EventTransport } from '../ports/event-transport.ts';
import type { State } from '../ports/state.ts';

/** Events of one claim. */
const eventsAtOnce = 500;

/** Sending the events of a claim takes no longer than this; with less left of the lease, it is not begun. */
const patienceMs = 25_000;

export interface RelayDependencies {
  /** Where events come from. */
  readonly state: State;
  /** Where they go. */
  readonly transport: EventTransport;
  readonly stage: string;
  /** Names this relay. */
  readonly holder: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Hears of rows of the outbox that have no meaning any more: they are not published. */
  readonly forgotten?: (types: readonly string[]) => void;
}

export interface Relayed {
  /** Why there was nothing to do; `null` for a relay that had the lease. */
  readonly idle: 'leased' | 'stopped' | null;
  readonly published: number;
  /** Why events were not taken, for people; each reason once. */
  readonly failures: readonly string[];
}

/** Relays until nothing waits, or the time is over (milliseconds since the epoch), or events are not taken. */
export async function relayEvents(until: number, of: RelayDependencies): Promise<Relayed> {
  const { state, transport, holder, now } = of;
  let token: number | null = null;
  let published = 0;
  for (;;) {
    const began = now();
    const claim: StateResponses['claimEvents'] = await state.call({
      op: 'claimEvents',
      holder,
      token,
      limit: eventsAtOnce,
    });
    if (!claim.go) return { idle: token === null ? claim.why : null, published, failures: [] };
    const held: number = claim.token;
    token = held;
    const { events, forgotten } = divide(claim.events, of);
    // Another may have the lease after that, and sends what waits: of a key, these would come after later ones.
    const inTime = now() + patienceMs <= began + claim.leaseSeconds * 1000;
    const { sent, failures } = inTime && events.length > 0 ? await transport.send(events) : { sent: [], failures: [] };
    published += sent.length;
    const done = !inTime || !claim.more || failures.length > 0 || now() >= until;
    // Claims come by position: none of these has a smaller one.
    const from = claim.events[0]?.position;
    const { accepted } = await state.call({
      ...{ op: 'acknowledgeEvents' as const, token: held, ids: [...forgotten, ...sent], done },
      ...(from !== undefined && { from }),
    });
    if (done || !accepted) return { idle: null, published, failures: [...new Set(failures)] };
  }
}

/** Events in their envelopes, and the ids of rows that mean nothing. */
function divide(claimed: readonly ClaimedEvent[], { stage, forgotten }: RelayDependencies) {
  const events: CloudEvent[] = [];
  const without: ClaimedEvent[] = [];
  for (const row of claimed) {
    const event = eventOf(row.type, row.data);
    if (event) events.push(inEnvelope({ ...row, at: new Date(row.at), event }, stage));
    else without.push(row);
  }
  if (without.length > 0) forgotten?.(without.map(({ type }) => type));
  return { events, forgotten: without.map(({ id }) => id) };
}
