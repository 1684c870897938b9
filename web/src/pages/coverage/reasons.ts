import type { MissingReason, NoSessionReason } from '../../../../core/contracts/words/coverage.ts';

/** Why a session has no bar. */
export const reasonWords: Readonly<Record<MissingReason | NoSessionReason, string>> = {
  not_collected: 'nobody asked for it',
  not_yet_due: 'not due yet',
  source_failed: 'the source failed',
  held_back: 'held back in quarantine',
  quota: 'no quota was left',
  withdrawn: 'withdrawn by the source',
  not_traded: 'not traded',
  unexplained: 'unexplained',
  closed: 'exchange closed',
  before_first: 'before its first day',
  after_last: 'after its last day',
  calendar_unknown: 'calendar not known',
};

/** What needs nobody: it comes by itself, or there was nothing. */
export const harmless: ReadonlySet<string> = new Set(['not_yet_due', 'not_traded', 'not_collected']);
