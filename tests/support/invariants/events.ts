import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { eventSchema } from '../../../core/contracts/events.ts';
import type { StoredRows } from './stored-rows.ts';
import { countByBatch, versionsOf } from './versions.ts';

const counts = { bars: z.int(), actions: z.int() };
const withdrawal = z.object({
  batchId: z.string(),
  blobKey: z.string(),
  ...counts,
  listings: z.array(z.object(counts)),
});

/** The outbox reports each change once, in order: batches, incidents, recoveries, health. */
export function eventBreaches(stored: StoredRows): string[] {
  const breaches: string[] = [];
  const expected = new Map<string, Readonly<Record<string, unknown>>>();
  const revised = countByBatch(versionsOf(stored).filter((version) => version.revises));
  const held = new Set(stored.held.map((row) => row.batchId));
  for (const batch of stored.batches) {
    const data = {
      batchId: batch.id,
      sourceId: batch.sourceId,
      runId: batch.runId,
      part: batch.part,
      blobKey: batch.blobKey,
      parserVersion: batch.parserVersion,
      accepted: batch.accepted,
      rejected: batch.rejected,
      written: batch.written,
    };
    const count = revised.get(batch.id) ?? 0;
    if (batch.accepted > 0) expected.set(`${batch.kind}.stored ${batch.id}`, data);
    if (count > 0) expected.set(`${batch.kind}.revised ${batch.id}`, { ...data, revised: count });
    if (held.has(batch.id)) expected.set(`quarantine.added ${batch.id}`, data);
  }
  for (const { id, started, finished } of stored.recoveries) {
    if (started) expected.set(`recovery.started ${id}`, {});
    if (finished) expected.set(`recovery.finished ${id}`, {});
  }
  const told = new Set<string>();
  const health = new Map<string, unknown>();
  /** What each was told to be last: one of a source that fails and recovers is opened and resolved again. */
  const incidents = new Map<unknown, string>();
  for (const event of stored.events) {
    const name = `event ${event.id} (${event.type})`;
    if (!eventSchema.safeParse(event).success) breaches.push(`${name}: not as its schema says`);
    const { sourceId, batchId, incidentId, recoveryId } = event.data;
    if (event.key !== sourceId) breaches.push(`${name}: its key ${event.key} is not its source`);
    if (event.type === 'source.health_changed') {
      if ((health.get(event.key) ?? null) !== event.data['from'])
        breaches.push(`${name}: ${event.key} was ${health.get(event.key) ?? 'not judged'} before`);
      health.set(event.key, event.data['to']);
      continue;
    }
    // What led to it is in no table: its own tests look at it.
    if (event.type === 'listing.changed') continue;
    if (event.type === 'bars.withdrawn') {
      breaches.push(...withdrawalBreaches(name, event.data, stored));
      continue;
    }
    if (event.type === 'incident.opened' || event.type === 'incident.resolved') {
      const before = incidents.get(incidentId) ?? 'incident.resolved';
      if (before === event.type) breaches.push(`${name}: ${incidentId} was so before`);
      incidents.set(incidentId, event.type);
      continue;
    }
    const about = `${event.type} ${batchId ?? recoveryId}`;
    const wanted = expected.get(about);
    if (told.has(about)) breaches.push(`${name}: told twice`);
    told.add(about);
    if (!wanted) breaches.push(`${name}: nothing of this kind happened to ${about}`);
    for (const [field, value] of Object.entries(wanted ?? {}))
      if (!isDeepStrictEqual(event.data[field], value))
        breaches.push(`${name}: ${field} is ${event.data[field]}, not ${value}`);
  }
  for (const about of expected.keys()) if (!told.has(about)) breaches.push(`event ${about}: never told`);
  for (const { id, resolved } of stored.incidents) {
    const state = resolved ? 'incident.resolved' : 'incident.opened';
    if (incidents.get(id) !== state) breaches.push(`incident ${id}: ${state} was never told`);
    incidents.delete(id);
  }
  for (const id of incidents.keys()) breaches.push(`incident ${id}: told, and not stored`);
  for (const { sourceId, status } of stored.health)
    if (health.get(sourceId) !== status) breaches.push(`health of ${sourceId}: ${status} was never told`);
  return breaches;
}

/** A withdrawal is of a batch of bars, says as much in sum as by listing, and is told once. What was withdrawn may be back. */
function withdrawalBreaches(name: string, data: Readonly<Record<string, unknown>>, stored: StoredRows): string[] {
  const said = withdrawal.parse(data);
  const breaches: string[] = [];
  const batch = stored.batches.find((each) => each.id === said.batchId);
  if (batch?.kind !== 'bars' || batch.blobKey !== said.blobKey) breaches.push(`${name}: of no batch of bars`);
  for (const field of ['bars', 'actions'] as const)
    if (said[field] !== said.listings.reduce((sum, each) => sum + each[field], 0))
      breaches.push(`${name}: ${field} are not those of its listings`);
  const same = stored.events.filter(
    ({ type, data: other }) => type === 'bars.withdrawn' && other['batchId'] === said.batchId,
  );
  if (same.length > 1) breaches.push(`${name}: told twice`);
  return breaches;
}
