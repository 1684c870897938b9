import type { Failure } from '../../../core/contracts/failure.ts';
import { quoteQuestion } from '../../../core/proxy/read-question.ts';
import { failedStep } from '../../../core/recovery/proof.ts';
import { proxiedSource } from '../../../core/recovery/strategy.ts';
import { heartbeatLookSeconds } from '../../../core/recovery/timing.ts';
import type { RecoveryContext, StepOutcome } from '../recovery-context.ts';
import { endFailed, endVerified } from './end.ts';

/** Waits for the proxy's next heartbeat: its call must have brought a new answer since the recovery began. */
export async function awaitHeartbeat(context: RecoveryContext): Promise<StepOutcome> {
  const { recovery, store } = context;
  const symbol = context.sources.find((each) => each.id === proxiedSource)?.canarySymbol ?? '';
  const end = (failure: Failure) =>
    endFailed(context, { step: { name: 'heartbeat', result: failedStep(failure) }, failure });
  const beat = await store.heartbeatSince(quoteQuestion(symbol).key, recovery.startedAt ?? recovery.requestedAt);
  if (beat?.failure)
    return end({
      reason: beat.failure,
      detail: { code: 'heartbeat_failed', because: beat.failure },
      message: `The heartbeat asked for ${symbol} and failed: ${beat.failure}.`,
    });
  if (beat) return endVerified(context, 'heartbeat', `The proxy has a new answer for ${symbol}.`);
  if ((recovery.secondsLeft ?? 0) > 0) return { waitSeconds: heartbeatLookSeconds };
  const paused = await store.proxyPause();
  return end(
    paused
      ? { reason: paused, detail: { code: 'proxy_paused' }, message: 'The proxy pauses its calls to Yahoo.' }
      : { reason: 'timeout', detail: { code: 'no_heartbeat' }, message: 'No heartbeat of the proxy came in time.' },
  );
}
