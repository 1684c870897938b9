/** What the suites of recovery stores begin with: `recoveryStoreSuite` and `recoveryLookupsSuite`. */
import { beforeEach } from 'vitest';
import type { Failure } from '../../core/contracts/failure.ts';
import type { RunReason } from '../../core/contracts/words/run-reasons.ts';
import type { RecoveryStore } from '../../core/ports/recovery-store.ts';
import type { NewRecovery } from '../../core/recovery/recovery.ts';
import type { RecoveryStoreFixture } from './recovery-stores.ts';

/** Where the clock stands when a test begins. */
export const start = new Date('2026-11-24T16:00:00Z');
/** So many seconds later. */
export const at = (seconds: number) => new Date(start.getTime() + seconds * 1000);
export const idOf = (number: number) => `0198a7c0-0000-7000-8000-${String(number).padStart(12, '0')}`;
/** Of the recovery that `create` makes. */
export const id = idOf(1);
export const down: Failure = { reason: 'down', detail: { code: 'http_status', status: 503 }, message: 'It is down.' };
/** The end of a recovery without a step that is under way. */
export const open = { step: null, message: 'Over.' } as const;

interface UsedStore {
  /** A new one in each test. */
  readonly fixture: RecoveryStoreFixture;
  readonly store: RecoveryStore;
  create(differs?: Partial<NewRecovery>): ReturnType<RecoveryStore['create']>;
  begin(reason?: RunReason | null, patienceSeconds?: number): Promise<void>;
}

/** A store for each test of a suite, at `start`. */
export function useRecoveryStore(make: () => Promise<RecoveryStoreFixture>): UsedStore {
  let made: RecoveryStoreFixture | undefined;
  beforeEach(async () => {
    made = await make();
    await made.setClock(start);
  });
  const there = () => {
    if (!made) throw new Error('The store is there in tests only.');
    return made;
  };
  const create: UsedStore['create'] = (differs = {}) =>
    there().store.create({
      id,
      sourceId: 'yahoo',
      trigger: 'manual',
      requestedAt: start,
      requestedBy: null,
      ...differs,
    });
  return {
    get fixture() {
      return there();
    },
    get store() {
      return there().store;
    },
    create,
    async begin(reason = 'blocked', patienceSeconds = 180) {
      await create();
      await there().store.begin(id, { strategy: 'new session', reason, patienceSeconds }, start);
    },
  };
}
