import type { SystemHealth } from '../../../core/contracts/http/health.ts';
import { capInWords, type HealthStatus } from '../../../core/contracts/words/health-status.ts';

/** The installation as the page shows it: the same judgement as `/health`, the command line and the report. */
export interface ShownSystem {
  /** The sign beside the sentence. */
  readonly status: HealthStatus;
  readonly sentence: string;
  /** `60`, or `null` while none is known. */
  readonly score: number | null;
  /** `held at 60 by the share of sources that work; their mean is 83`. */
  readonly held: string | null;
  readonly healthy: string;
}

/** What is shown of the health of the installation. */
export function shownSystem({ status, headline, score, mean, cap, sources }: SystemHealth): ShownSystem {
  return {
    status,
    sentence: headline,
    score,
    held: score === null || cap === null ? null : capInWords(cap, mean),
    healthy: `${sources.healthy} of ${sources.total} healthy`,
  };
}
