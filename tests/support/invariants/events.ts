import { isDeepStrictEqual } from 'node:util';
import { eventSchema } from '../../../core/contracts/events/event.ts';
import { isImport } from '../../../core/contracts/words/imports.ts';
import { barEventBreaches, quoteEventBreaches } from './row-events.ts';
import type { StoredRows } from './stored-rows.ts';
import { countByBatch, versionsOf } from './versions.ts';

const ownTests = new Set([
  'listing.changed',
  'actions.changed',
  'finding.opened',
  'finding.closed',
  'price.disputed',
  'watch.changed',
  'channel.disabled',
]);

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
    if (batch.kind === 'constituents') {
      if (batch.accepted > 0 && !isBulk(batch, stored)) expected.set(`constituents.stored ${batch.id}`, data);
      if (count > 0) expected.set(`constituents.revised ${batch.id}`, { ...data, revised: count });
    }
    if (isBulk(batch, stored)) expected.set(`batch.completed ${batch.id}`, { ...data, kind: batch.kind });
    if (held.has(batch.id)) expected.set(`quarantine.added ${batch.id}`, data);
  }
  for (const { id, started, finished } of stored.recoveries) {
    if (started) expected.set(`recovery.started ${id}`, {});
    if (finished) expected.set(`recovery.finished ${id}`, {});
  }
  breaches.push(...quoteEventBreaches(stored), ...barEventBreaches(stored));
  const told = new Set<string>();
  const health = new Map<string, unknown>();
  /** What each was told to be last: one of a source that fails and recovers is opened and resolved again. */
  const incidents = new Map<unknown, string>();
  for (const event of stored.events) {
    const name = `event ${event.id} (${event.type})`;
    if (!eventSchema.safeParse(event).success) breaches.push(`${name}: not as its schema says`);
    const { sourceId, batchId, incidentId, recoveryId } = event.data;
    const { block } = event.data;
    const key = sourceId === undefined ? 'alerts' : block === undefined ? sourceId : `${sourceId}/${block}`;
    if (event.key !== key) breaches.push(`${name}: its key ${event.key} is not ${key}`);
    if (event.type === 'source.health-changed') {
      if ((health.get(event.key) ?? null) !== event.data['from'])
        breaches.push(`${name}: ${event.key} was ${health.get(event.key) ?? 'not judged'} before`);
      health.set(event.key, event.data['to']);
      continue;
    }
    // What led to these is in no table, or is there no more: their own tests look at them.
    if (ownTests.has(event.type)) continue;
    if (event.type.startsWith('quotes.') || event.type.startsWith('bars.')) continue;
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

/** Whether a batch was read in bulk: its new rows are one event. */
function isBulk(batch: StoredRows['batches'][number], stored: StoredRows): boolean {
  if (batch.replay !== null || isImport(batch.sourceId)) return true;
  return stored.runs.some((run) => run.id === batch.runId && run.trigger === 'backfill');
}
