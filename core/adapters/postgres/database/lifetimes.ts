/** How long the rows of each table stay. docs/operations.md has the same list for people; a test compares both with the database. */
import { repairMemoryDays } from '../../../planning/repairs.ts';
import type { RetentionDays } from '../../../planning/retention.ts';

export type Lifetime =
  /** Nothing deletes its rows, for this reason. */
  | { readonly kept: string }
  /** It has one row of each of these: a row is replaced, and deleted by what replaces it. */
  | { readonly oneOfEach: string }
  /** `maintain` deletes its rows so many days after the time in a column, which the condition may narrow. */
  | { readonly days: number | keyof RetentionDays; readonly since: string; readonly unless?: string }
  /** Its rows go with those of another table, or are taken away by this function. */
  | { readonly goesWith: string }
  | { readonly takenAwayBy: string };

const revisions = 'answers as of an instant rest on it';
const facts = 'it is what the service is for';

/** For so many days it is kept by the minute what was stored, and what waited for the relay. */
const flowDays = 7;

export const lifetimes = {
  instrument: { kept: facts },
  listing: { kept: facts },
  former_venue: { kept: 'answers as of a day name the exchange of that day' },
  list_change: { days: 1, since: 'at' },
  symbol_alias: { kept: 'stored prices are found by what a symbol meant on their day' },

  quote: { takenAwayBy: 'maintain, a month at a time, when it is in the archive' },
  quote_archive: { kept: 'it says which months are files, and which these are' },
  quote_default: { takenAwayBy: 'maintain, into the partition of the month' },
  quote_revision: { takenAwayBy: 'maintain, when their month is in the archive' },
  latest_quote: { oneOfEach: 'listing and source' },
  consolidated_quote: { oneOfEach: 'listing' },
  consolidated_quote_revision: { days: 'records', since: 'known_to' },
  bar: { kept: facts },
  bar_revision: { kept: revisions },
  bar_series: { oneOfEach: 'listing, source and interval' },
  corporate_action: { kept: facts },
  corporate_action_revision: { kept: revisions },
  answered_range: { takenAwayBy: 'ingest; maintain joins those of more than 30 days ago' },
  repair_wanted: { days: repairMemoryDays, since: 'wanted_at' },
  repair_read: { days: repairMemoryDays, since: 'read_at' },
  finding: { kept: 'a dismissed one is not raised again, and answers as of an instant leave out what was wrong then' },
  constituent_snapshot: { kept: facts },
  constituent: { kept: facts },
  constituent_revision: { kept: revisions },

  batch: { takenAwayBy: 'maintain, with its run or later, when nothing that is stored in the database came of it' },
  batch_statistics: { goesWith: 'run' },
  quarantine: { days: 'records', since: 'resolved_at' },
  blob_to_read_again: { takenAwayBy: 'monitor' },
  replay: {
    days: 'runs',
    since: 'requested_at',
    unless: 'EXISTS (SELECT FROM batch b WHERE b.replay = replay.id)',
  },
  blob_comparison: { oneOfEach: 'source and distance' },
  outbox: { takenAwayBy: 'maintain, a day after it was published, or 14 after it could not be' },
  relay_claim: { takenAwayBy: 'state, when the relay has published its events' },
  flow_sample: { days: flowDays, since: 'minute' },
  event_feed: { oneOfEach: 'database' },

  run: { days: 'runs', since: 'due_at' },
  task: { goesWith: 'run' },
  task_attempt: { goesWith: 'run' },
  planner_state: { oneOfEach: 'job' },
  watch: { takenAwayBy: 'api, when a symbol is taken off' },
  watch_start: { oneOfEach: 'source' },
  backfill: { goesWith: 'run' },
  import: { days: 'records', since: 'created_at' },
  import_part: { goesWith: 'import' },
  export: { days: 'runs', since: 'created_at' },
  export_file: { goesWith: 'export' },
  permit: { days: 3, since: 'reserved_at' },
  permit_day: { days: 3, since: 'day' },
  lease: { oneOfEach: 'name' },

  source_state: { oneOfEach: 'source' },
  source_health: { oneOfEach: 'source' },
  health_sample: { days: 'records', since: 'hour' },
  system_health_sample: { days: 'records', since: 'hour' },
  incident: { days: 'records', since: 'resolved_at' },
  recovery: { days: 'records', since: 'finished_at' },
  source_credentials: { oneOfEach: 'source' },
  auth_session: { oneOfEach: 'source' },
  service_state: { oneOfEach: 'service' },
  diagnosis: { days: 'records', since: 'created_at' },

  api_key: { kept: 'what people did names the key that they did it with' },
  web_session: { takenAwayBy: 'maintain, once they have expired; a key that is revoked takes them along' },
  idempotency_key: { days: 30, since: 'first_used_at' },
  sign_in_token: { days: 1, since: 'expires_at' },

  model: { takenAwayBy: 'api, when someone deletes it; there are at most 200' },

  alert_rule: { days: 'records', since: 'removed_at' },
  alert_channel: { days: 'records', since: 'removed_at' },
  alert_delivery: { days: 'runs', since: 'finished_at' },
  alert_sealing_key: { oneOfEach: 'database' },

  proxy_cache: { takenAwayBy: 'the heartbeat of the proxy, every five minutes' },
  proxy_answer: { days: 'proxyAnswers', since: 'to_at' },
  proxy_pause: { oneOfEach: 'source' },

  judged_place: { oneOfEach: 'database' },
  migration: { kept: 'it says which migrations were applied' },
  database_epoch: { oneOfEach: 'database' },
} as const satisfies Readonly<Record<string, Lifetime>>;
