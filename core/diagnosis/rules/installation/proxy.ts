import { whyOf } from '../../../contracts/words/causes.ts';
import { minute } from '../../instants.ts';
import { say } from '../advice.ts';
import type { SystemRule } from '../rule.ts';

const dayMs = 24 * 3600_000;

export const failingProxy: SystemRule = {
  id: 'proxy-fails',
  find({ proxy: { id, pause, incidents, recoveries }, services, at }) {
    const stopped = services.some((service) => service.id === 'proxy' && !service.running);
    const open = incidents.filter((incident) => incident.resolvedAt === null);
    const [latest] = recoveries;
    const unrecovered = latest?.status === 'failed' && at - latest.requestedAt < dayMs;
    if (stopped || (open.length === 0 && pause === null && !unrecovered)) return [];
    return [
      {
        title: 'The Yahoo proxy does not reach Yahoo',
        cause:
          'Yahoo fails its calls: its clients get cached answers, marked stale, for up to four days. Where the source yahoo fails too, the cause is named there.',
        evidence: [
          ...(pause ? [`It makes no calls until ${minute(pause.until)}: ${pause.reason.replaceAll('_', ' ')}.`] : []),
          ...open.map(
            ({ reason, samples, count, openedAt }) =>
              `Open incident: ${whyOf({ reason, detail: samples.at(-1)?.detail ?? null })}, ${count} times since ${minute(openedAt)}.`,
          ),
          ...(latest
            ? [
                `Its latest recovery (${minute(latest.requestedAt)}) is ${latest.status}${latest.status === 'failed' && latest.reason ? `: ${whyOf({ ...latest, reason: latest.reason })}` : ''}.`,
              ]
            : []),
        ],
        advice: [
          say('See which of its calls fail: GET /yahoo/health.'),
          say('Flush its cache and have it try again:', `npx quotron recover ${id} --wait`),
        ],
        sources: [],
        weight: 30,
      },
    ];
  },
};
