import { heartbeatSince, proxyPause } from '../../../core/adapters/postgres/recovery/runs.ts';
import { type RunReason, runReasons } from '../../../core/contracts/words/run-reasons.ts';
import { quoteQuestion } from '../../../core/proxy/read-question.ts';
import type { StepOutcome } from '../recover-source.ts';
import type { Going } from './canary.ts';
import { failed, verified } from './end.ts';

const lookAgainSeconds = 5;
/** What the proxy asks for with each heartbeat, of the source it stands for. */
const proxiedSource = 'yahoo';

/** Waits for the proxy's next heartbeat: its call must have brought a new answer since the recovery began. */
export async function awaitHeartbeat(going: Going): Promise<StepOutcome> {
  const { recovery, store, recovering } = going;
  const symbol = recovering.sources.find((each) => each.id === proxiedSource)?.canarySymbol ?? '';
  const { key } = quoteQuestion(symbol);
  const end = async (reason: RunReason, message: string): Promise<StepOutcome> => {
    const detail = `${reason}: ${message}`;
    await store.doStep(recovery.id, 'heartbeat', new Date(recovering.now()), async () => ({
      status: 'failed',
      detail,
    }));
    return failed(going, { reason, message });
  };
  const beat = await heartbeatSince(recovering.pool, key, recovery.started_at ?? recovery.requested_at);
  if (beat?.ok) {
    const detail = `The proxy has a new answer for ${symbol}.`;
    await store.doStep(recovery.id, 'heartbeat', new Date(recovering.now()), async () => ({ status: 'done', detail }));
    return verified(going, detail);
  }
  if (beat)
    return end(known(beat.reason) ?? 'unexplained', `The heartbeat asked for ${symbol} and failed: ${beat.reason}.`);
  if ((recovery.seconds_left ?? 0) > 0) return { waitSeconds: lookAgainSeconds };
  const paused = known(await proxyPause(recovering.pool, proxiedSource));
  return paused
    ? end(paused, 'The proxy calls nobody for now: its upstream wants to be left alone.')
    : end('timeout', 'No heartbeat of the proxy came in time.');
}

function known(text: string | null): RunReason | null {
  return runReasons.find((reason) => reason === text) ?? null;
}
