import * as z from 'zod';
import {
  flowSampleSchema,
  healthSchema,
  type SystemHealth,
  systemSampleSchema,
} from '../../../core/contracts/http/health.ts';
import {
  healthSampleSchema,
  type QueueView,
  type ServiceView,
  type SourceView,
} from '../../../core/contracts/http/operations.ts';
import type { HealthStatus } from '../../../core/contracts/words/health-status.ts';
import { checkStatusOf, systemHealth } from '../../../core/health/system.ts';
import { type Answer, data } from './double-answer.ts';
import { partsOf } from './operations-data.ts';

interface Installed {
  readonly sources: readonly SourceView[];
  readonly services: readonly ServiceView[];
  readonly queues: readonly QueueView[];
}

/** The health of the installation, judged as the API judges it. */
export function systemOf({ sources, services, queues }: Installed): SystemHealth {
  return systemHealth({
    sources: sources.map(({ id, title, paused, health }) => ({
      id,
      title,
      status: paused ? 'paused' : health.status,
      reason: paused ? null : health.reason,
      cause: paused ? null : health.cause,
      heldUntil: null,
      score: health.score,
      unplanned: false,
    })),
    stopped: services.filter(({ running }) => !running).map(({ id }) => id),
    silent: false,
    warnings: queues.some(({ dead }) => dead > 0) ? ['queues:deadLetters'] : [],
  });
}

/** `GET /health`: 503 where it fails. */
export function healthAnswer(installed: Installed): Answer {
  const system = systemOf(installed);
  const status = checkStatusOf(system);
  const { total, healthy } = system.sources;
  return {
    status: status === 'fail' ? 503 : 200,
    body: healthSchema.parse({ status, version: '9.9.9', sources: { total, healthy }, system, checks: {} }),
    headers: { 'content-type': 'application/health+json' },
  };
}

/** `GET /health/history`: a bad hour among 20, and a bad day among 14. */
export function systemHistory(by: string | null): Answer {
  const days = by === 'day';
  const step = days ? 86_400_000 : 3_600_000;
  const count = days ? 14 : 20;
  const last = Math.floor(Date.now() / step) * step;
  const samples = Array.from({ length: count }, (_, index) => {
    const bad = index === count - 6;
    const worst = index === count - 9;
    return {
      at: new Date(last - (count - 1 - index) * step).toISOString(),
      status: bad ? ('degraded' as const) : worst ? ('failed' as const) : ('healthy' as const),
      score: bad ? 66 : worst ? 20 : 96,
      lowest: bad ? 60 : worst ? 20 : 92,
    };
  });
  return data(z.array(systemSampleSchema), samples);
}

/** `GET /sources/{id}/health/history` by the hour: 150 hours, of which three failed and one was degraded before it. */
export function sourceHours(): Answer {
  const last = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  const samples = Array.from({ length: 150 }, (_, index) => {
    const ago = 149 - index;
    const status: HealthStatus = ago >= 60 && ago < 63 ? 'failed' : ago === 63 ? 'degraded' : 'healthy';
    const score = status === 'failed' ? 22 : status === 'degraded' ? 70 : 97;
    return {
      at: new Date(last - ago * 3_600_000).toISOString(),
      status,
      score,
      lowest: status === 'failed' ? 12 : score - 4,
      succeeded: status === 'failed' ? 0 : 60,
      failed: status === 'healthy' ? 0 : 12,
      parts: partsOf(status, index),
    };
  });
  return data(z.array(healthSampleSchema), samples);
}

/** `GET /health/flow`: a run a minute or hour, some without any, and a relay that was once behind. */
export function flowOf(by: string | null): Answer {
  const [step, count] = by === 'hour' ? [3_600_000, 168] : [60_000, 180];
  const last = Math.floor(Date.now() / step) * step;
  const steps = Array.from({ length: count }, (_, index) => count - 1 - index).filter((ago) => ago < 100 || ago >= 112);
  return data(
    z.array(flowSampleSchema),
    steps.map((ago) => ({
      at: new Date(last - ago * step).toISOString(),
      batches: 5,
      rows: 120 + ((ago * 7) % 11),
      waiting: ago === 30 ? 40 : ago % 3,
      oldestSeconds: ago === 30 ? 42 : ago % 4,
    })),
  );
}
