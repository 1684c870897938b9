import type { FailureDetail } from '../../../contracts/words/failure-details.ts';
import { complaintInWords } from '../../complaints.ts';
import type { SourceFacts } from '../../facts.ts';
import { minute } from '../../instants.ts';
import { say } from '../advice.ts';
import type { SystemRule } from '../rule.ts';
import { runningSources } from './standstill.ts';

/** Outages that begin within this time of each other have one cause. */
const atOnceMs = 10 * 60_000;

export const ownNetwork: SystemRule = {
  id: 'own-network',
  find(facts, complaints) {
    const outages = complaints.filter(
      ({ reason, attempted, samples }) =>
        attempted && (reason === 'down' || reason === 'timeout') && !samples.some(({ detail }) => isAnswer(detail)),
    );
    const from = Math.max(...outages.map(({ firstAt }) => firstAt));
    const together = outages.filter(({ firstAt }) => from - firstAt <= atOnceMs);
    const sources = [...new Set(together.map(({ source }) => source.id))];
    const reached = runningSources(facts).filter(
      (source) => !sources.includes(source.id) && answeredSince(source, from),
    );
    if (sources.length < 2 || reached.length >= sources.length) return [];
    return [
      {
        title: `${sources.length} sources went out of reach at once`,
        cause:
          'They fail together and without an answer, so the cause is between us and all of them, not at each: our own network (routes, DNS, a proxy or firewall), or on a laptop the emulator or the simulated upstreams.',
        evidence: together.map(
          (each) =>
            `${each.source.title}: ${complaintInWords(each)}, ${each.count} times since ${minute(each.firstAt)}.`,
        ),
        advice: [
          say('See whether anything outside can be reached from where the scrapers run.'),
          say('On a laptop, stop `npm start` and start it again.'),
          say('Afterwards, recover them together:', `npx quotron recover ${sources.join(' ')} --wait`),
        ],
        sources,
        weight: 95,
        explains: together,
      },
    ];
  },
};

/** Whether the source's servers answered anything after an instant, if only an error. */
function answeredSince(source: SourceFacts, at: number): boolean {
  return source.tasks.some(
    ({ at: endedAt, ok, reason, detail }) =>
      endedAt >= at && (ok || isAnswer(detail) || (reason !== 'down' && reason !== 'timeout')),
  );
}

const silences: ReadonlySet<string> = new Set(['timeout', 'connection_failed', 'answer_cut_off', 'unspecified']);

/** Whether a failure of a source that is down or slow is what the source itself said: a status, or a page. */
function isAnswer(failure: FailureDetail | null): boolean {
  return failure !== null && !silences.has(failure.code);
}
