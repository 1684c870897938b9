/**
 * Publishes the events of the outbox: at least once, those of a key in order. One relay works at a time.
 *
 *   1. claim the first waiting events, which takes the lease; while another relay has it, there is nothing to do
 *   2. send them, of a key nothing after one that was not taken; meanwhile claim the next ones, which acknowledges those of
 *      the claim before
 *   3. acknowledge the last ones, which gives the lease back
 *
 * A relay that dies between two steps leaves the events waiting: the next one sends them again, with the same ids.
 */
import { setTimeout } from 'node:timers/promises';
import type { OutgoingEvent } from '../contracts/events/cloud-event.ts';
import type { ClaimedEvent } from '../contracts/events/relay.ts';
import type { Installation } from '../contracts/installation.ts';
import type { StateRequest, StateResponses } from '../contracts/state.ts';
import { inEnvelope, outgoing, sendable } from '../events/envelope.ts';
import { eventOf, isChecked } from '../events/outbox-row.ts';
import type { EventTransport, SendResult } from '../ports/event-transport.ts';
import type { RelayState } from '../ports/relay-state.ts';

/** Sending the events of a claim takes no longer than this; with less left of the lease, it is not begun. */
const patienceMs = 25_000;

/** In which a database gets to the statement that takes it longest. */
const headStartMs = 2;

export interface RelayDependencies {
  /** Where events come from. */
  readonly state: RelayState;
  /** Where they go. */
  readonly transport: EventTransport;
  readonly installation: Installation;
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

type Claimed = Extract<StateResponses['claimEvents'], { go: true }> & { readonly began: number };
type Published = NonNullable<Extract<StateRequest, { op: 'claimEvents' }>['published']>;

/** Relays until nothing waits, or the time is over (milliseconds since the epoch), or events are not taken. */
export async function relayEvents(until: number, of: RelayDependencies): Promise<Relayed> {
  const { state, now } = of;
  const first = await claimFirst(of);
  if (!first.go) return { idle: first.why, published: 0, failures: [] };
  const { token } = first;
  const acknowledge = (which: Published | null, done: boolean) =>
    state.call({ op: 'acknowledgeEvents', token, ids: [], ...which, done });
  let published = 0;
  let before: Published | null = null;
  let claim: Claimed = first;
  for (;;) {
    // Another may have the lease after that, and sends what waits: of a key, these would come after later ones.
    const inTime = now() + patienceMs <= claim.began + claim.leaseSeconds * 1000 && (claim === first || now() < until);
    const goesOn: boolean = inTime && claim.more && now() < until;
    const asked = goesOn ? claimNext(of, token, before) : noneAfter(before && acknowledge(before, false));
    const [next, { result, forgotten }] = await bothOf<Claimed | null, Sent>(
      asked,
      sendClaimed(inTime ? claim.events : [], of),
    );
    published += result.sent.length;
    const ids: string[] = [...forgotten, ...result.sent];
    const whole = ids.length === claim.events.length;
    const settled: Published | null = claim.claim === null ? null : { claim: claim.claim, ids, whole };
    if (next === null || result.failures.length > 0) {
      await acknowledge(settled, true);
      return { idle: null, published, failures: [...new Set(result.failures)] };
    }
    before = settled;
    claim = next;
  }
}

async function claimFirst({ state, transport, holder, now }: RelayDependencies) {
  const began = now();
  const claim = await state.call({ op: 'claimEvents', holder, token: null, limit: transport.atOnce, asText: true });
  return claim.go ? { ...claim, began } : claim;
}

/** The next events of a relay, which says what became of others; `null` where it has to end. */
async function claimNext(
  { state, transport, holder, now }: RelayDependencies,
  token: number,
  published: Published | null,
): Promise<Claimed | null> {
  const began = now();
  const claim = await state.call({
    ...{ op: 'claimEvents' as const, holder, token, limit: transport.atOnce, asText: true },
    ...(published && { published }),
  });
  return claim.go ? { ...claim, began } : null;
}

/** No next claim, after that. */
async function noneAfter(work: Promise<unknown> | null): Promise<null> {
  await work;
  return null;
}

/** Two results; where one fails, after the other one is over. */
async function bothOf<A, B>(a: A | Promise<A>, b: B | Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return [await a, await b];
}

interface Sent {
  readonly result: SendResult;
  /** Ids of rows that mean nothing. */
  readonly forgotten: readonly string[];
}

/** Sends events, a moment after `state` was asked: it works while envelopes are made, which holds this process. */
async function sendClaimed(claimed: readonly ClaimedEvent[], of: RelayDependencies): Promise<Sent> {
  await setTimeout(headStartMs);
  const { events, forgotten } = divide(claimed, of);
  const result = events.length > 0 ? await of.transport.send(events) : { sent: [], failures: [] };
  return { result, forgotten };
}

/** Events in their envelopes, and the ids of rows that mean nothing. */
function divide(claimed: readonly ClaimedEvent[], { installation, forgotten }: RelayDependencies) {
  const events: OutgoingEvent[] = [];
  const without: ClaimedEvent[] = [];
  for (const row of claimed) {
    const event = isChecked(row) ? outgoing(row, installation) : converted(row, installation);
    if (event) events.push(event);
    else without.push(row);
  }
  if (without.length > 0) forgotten?.(without.map(({ type }) => type));
  return { events, forgotten: without.map(({ id }) => id) };
}

/** A row of the former release, or one that came by its `state`. */
function converted({ type, data, ...row }: ClaimedEvent, installation: Installation): OutgoingEvent | null {
  const event = eventOf(type, typeof data === 'string' ? JSON.parse(data) : data);
  return event && sendable(inEnvelope({ ...row, at: new Date(row.at), event }, installation));
}
