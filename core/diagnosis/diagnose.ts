/**
 * A diagnosis, from facts alone:
 *
 *   1. complaints about each source (complaints.ts)
 *   2. what is wrong with Quotron itself, or with all sources at once (rules/system-rules.ts); complaints that it explains
 *      are done
 *   3. a cause for each other complaint, or `unexplained` (rules/source-rules.ts)
 *   4. all findings in order of effect, and what changed since the report before. The score is that of /health
 */
import {
  type Changes,
  type DiagnosedSource,
  type Diagnosis,
  type Finding,
  noteBelow,
} from '../contracts/http/diagnostics.ts';
import type { SystemHealth } from '../contracts/http/health.ts';
import { causeOf, whyOf } from '../contracts/words/causes.ts';
import { affectedBy, endedFaults } from './affected.ts';
import { type Complaint, causeOfComplaint, complaintInWords, complaintsOf, together } from './complaints.ts';
import type { DiagnosisFacts, IncidentFact, SourceFacts } from './facts.ts';
import { minute } from './instants.ts';
import { shareInWords } from './opening.ts';
import type { SourceRule, SystemFinding } from './rules/rule.ts';
import { ruleFor, unexplained } from './rules/source-rules.ts';
import { systemRules } from './rules/system-rules.ts';

/** Scores vary by some points; this many are a change. */
const scoreStep = 10;

/** What is wrong with an installation, why that is likely so, and what to do. */
export function diagnose(facts: DiagnosisFacts): Diagnosis {
  const complaints = facts.sources.flatMap(complaintsOf);
  const explained = new Set<Complaint>();
  const findings: Finding[] = [];
  for (const rule of systemRules) {
    const left = complaints.filter((complaint) => !explained.has(complaint));
    for (const found of rule.find(facts, left)) {
      for (const complaint of found.explains ?? []) explained.add(complaint);
      findings.push(systemFinding(rule.id, found));
    }
  }
  const active = facts.sources.filter((source) => !source.paused);
  const left = complaints.filter((complaint) => !explained.has(complaint));
  findings.push(...causesOf(left).map(([rule, complaint]) => sourceFinding(rule, complaint, active.length, facts)));
  findings.push(...withoutComplaint(active, complaints, findings));
  findings.sort((a, b) => b.effect - a.effect || (b.count ?? 0) - (a.count ?? 0));
  const { score, cap } = facts.system;
  const sources = facts.sources.map(diagnosed);
  return {
    createdAt: new Date(facts.at).toISOString(),
    score,
    cap,
    headline: headlineOf(facts.system, findings),
    sources,
    findings,
    ended: endedFaults(facts),
    simulatedSources: [...(facts.simulated ?? [])],
    earlier: facts.earlier.map((each) => ({ ...each, createdAt: instant(each.createdAt) })),
    changes: facts.previous && changesSince(facts.previous, score, sources, facts),
  };
}

function systemFinding(rule: string, found: SystemFinding): Finding {
  const explains = found.explains ?? [];
  return {
    rule,
    sources: [...found.sources],
    title: found.title,
    reasons: [...new Set(explains.map(({ reason }) => reason))],
    explained: true,
    causeCode: null,
    cause: found.cause,
    evidence: [...found.evidence],
    count: explains.length > 0 ? explains.reduce((sum, { count }) => sum + count, 0) : null,
    firstSeenAt: explains.length > 0 ? instant(Math.min(...explains.map(({ firstAt }) => firstAt))) : null,
    lastSeenAt: explains.length > 0 ? instant(Math.max(...explains.map(({ lastAt }) => lastAt))) : null,
    samples: explains.flatMap(({ samples }) => samples.slice(-1)).slice(0, 3),
    symbols: null,
    healedAt: null,
    recovery: null,
    advice: [...found.advice],
    effect: found.weight,
  };
}

/** Of one source and reason so many kinds of unexplained failures are told apart; more of them are one. */
const mostUnexplained = 3;

/** Each complaint with its rule. Those about one source that one rule explains are one; what is unexplained stays apart. */
function causesOf(complaints: readonly Complaint[]): [SourceRule, Complaint][] {
  const ruled = complaints.map((complaint) => ({ complaint, rule: ruleFor(complaint) }));
  const keyOf = ({ rule, complaint: { source, subject, reason } }: (typeof ruled)[number]) =>
    `${source.id} ${rule.id} ${subject} ${reason}`;
  const groups = [...Map.groupBy(ruled, keyOf).values()].flatMap((group) =>
    group[0]?.rule === unexplained && group.length <= mostUnexplained ? group.map((each) => [each]) : [group],
  );
  return groups.flatMap(([first, ...others]) =>
    first
      ? [
          [
            first.rule,
            together(
              first.complaint,
              others.map(({ complaint }) => complaint),
            ),
          ],
        ]
      : [],
  );
}

function sourceFinding(rule: SourceRule, complaint: Complaint, sources: number, facts: DiagnosisFacts): Finding {
  const { source, reason, count, firstAt, lastAt } = complaint;
  return {
    rule: rule.id,
    sources: [source.id],
    title: `${source.title}: ${rule.short}`,
    reasons: [reason],
    explained: rule !== unexplained,
    causeCode: causeOfComplaint(complaint),
    cause: rule.cause(complaint),
    evidence: evidenceOf(complaint),
    count,
    firstSeenAt: instant(firstAt),
    lastSeenAt: instant(lastAt),
    samples: [...complaint.samples],
    symbols: affectedBy(complaint, facts),
    healedAt: complaint.healedAt === null ? null : instant(complaint.healedAt),
    recovery: recoveryOf(complaint),
    advice: [...rule.advice(complaint)],
    effect: effectOf(rule.weight, complaint, sources),
  };
}

function recoveryOf({ source, firstAt }: Complaint): Finding['recovery'] {
  const latest = source.recoveries[0];
  if (!latest || latest.requestedAt < firstAt) return null;
  return { status: latest.status, requestedAt: instant(latest.requestedAt) };
}

/** A source that is wholly out counts more than one with some bad rows; one of many is only a part of the whole. */
function effectOf(weight: number, { source, subject, goodSince, acceptedSince }: Complaint, sources: number): number {
  const out = source.status === 'failed' || (subject === 'runs' ? goodSince === 0 : acceptedSince === 0);
  const share = sources <= 1 ? 1 : 0.9;
  return Math.round(weight * share * (out ? 1 : 0.6));
}

function evidenceOf(complaint: Complaint): string[] {
  const { subject, count, jobs, goodSince, symbols, source, httpStatus, firstAt } = complaint;
  const where = jobs.length > 0 ? ` of ${jobs.join(' and ')}` : '';
  const failures = `${count} ${count === 1 ? 'task' : 'tasks'}${where} failed`;
  const rows = `${count} ${count === 1 ? 'row' : 'rows'}${where} ${count === 1 ? 'is' : 'are'} not served`;
  const latest = source.recoveries[0];
  return [
    `${subject === 'runs' ? failures : rows} (${complaintInWords(complaint)}), ${goodSince} ${goodSince === 1 ? 'task' : 'tasks'} succeeded meanwhile.`,
    ...(symbols.asked > 0 ? [`It hits ${shareInWords(symbols)} requested.`] : []),
    ...(httpStatus === null ? [] : [`The source answered with HTTP status ${httpStatus}.`]),
    ...(source.breaker === 'closed'
      ? []
      : [`Its breaker is ${source.breaker.replace('_', ' ')}: it gets few requests until it is well.`]),
    ...(source.heldUntil === null ? [] : [`It asked for a pause until ${minute(source.heldUntil)}.`]),
    ...(latest && latest.requestedAt >= firstAt
      ? [
          `The latest recovery (${minute(latest.requestedAt)}) is ${latest.status}${latest.status === 'failed' && latest.reason ? `: ${whyOf({ ...latest, reason: latest.reason })}` : ''}.`,
        ]
      : []),
  ];
}

/** Sources that are not well while none of their tasks says why. */
function withoutComplaint(
  active: readonly SourceFacts[],
  complaints: readonly Complaint[],
  findings: readonly Finding[],
): Finding[] {
  return active.flatMap((source) => {
    const failing = source.status === 'failed' || source.status === 'degraded';
    const explained =
      complaints.some((complaint) => complaint.source.id === source.id) ||
      findings.some(({ sources }) => sources.includes(source.id));
    if (!failing || explained) return [];
    const succeeds = source.tasks[0]?.ok ?? false;
    return [
      {
        rule: succeeds ? 'on-the-mend' : 'unexplained',
        sources: [source.id],
        title: `${source.title}: ${source.status}`,
        reasons: source.reason === null ? [] : [source.reason],
        explained: succeeds,
        causeCode: causeOf(source.reason, source.detail),
        cause: succeeds
          ? 'It failed before and succeeds again: its score still remembers the failures.'
          : 'unexplained. It is not well, and nothing that is stored of the last day says why.',
        evidence:
          source.lastSuccessAt === null
            ? ['It has never succeeded.']
            : [`Last success: ${minute(source.lastSuccessAt)}.`],
        count: null,
        firstSeenAt: null,
        lastSeenAt: null,
        samples: [],
        symbols: null,
        healedAt: null,
        recovery: null,
        advice: succeeds ? [] : [{ text: 'Have it tried now:', command: `npx quotron test ${source.id}` }],
        effect: succeeds ? 5 : 40,
      },
    ];
  });
}

/** The state in a sentence as everywhere, and how much of it is explained below. */
function headlineOf({ headline }: SystemHealth, findings: readonly Finding[]): string {
  const faults = findings.filter(({ effect }) => effect >= noteBelow);
  const unknown = faults.filter(({ explained }) => !explained).length;
  if (faults.length === 0) return `${headline} No fault was found.`;
  return `${headline} ${faults.length} ${faults.length === 1 ? 'fault was' : 'faults were'} found${unknown > 0 ? `, ${unknown} unexplained` : ''}.`;
}

function diagnosed(source: SourceFacts): DiagnosedSource {
  return {
    id: source.id,
    title: source.title,
    status: source.paused ? 'paused' : source.status,
    reason: source.paused ? null : source.reason,
    cause: source.paused ? null : causeOf(source.reason, source.detail),
    score: source.score,
    trend: [...source.trend],
    lastSuccessAt: source.lastSuccessAt === null ? null : instant(source.lastSuccessAt),
    heldUntil: source.heldUntil === null ? null : instant(source.heldUntil),
    openIncidents: source.incidents
      .filter((incident) => incident.resolvedAt === null)
      .map((incident) => ({
        reason: incident.reason,
        cause: causeOfIncident(incident),
        openedAt: instant(incident.openedAt),
      })),
  };
}

function changesSince(
  previous: Diagnosis,
  score: number | null,
  sources: readonly DiagnosedSource[],
  facts: DiagnosisFacts,
): Changes {
  const since = Date.parse(previous.createdAt);
  const incidents = [...facts.sources, facts.proxy].flatMap((source) =>
    source.incidents.map((incident) => ({ ...incident, sourceId: source.id })),
  );
  return {
    since: previous.createdAt,
    score: { from: previous.score, to: score },
    sources: sources.flatMap((source) => {
      const before = previous.sources.find(({ id }) => id === source.id);
      if (!before) return [];
      const moved = Math.abs((source.score ?? 0) - (before.score ?? 0)) >= scoreStep;
      if (before.status === source.status && !moved) return [];
      const { status: fromStatus, score: fromScore } = before;
      return [{ id: source.id, fromStatus, toStatus: source.status, fromScore, toScore: source.score }];
    }),
    opened: incidents
      .filter(({ openedAt }) => openedAt > since)
      .map((incident) => ({ ...ofIncident(incident), at: instant(incident.openedAt) })),
    closed: incidents.flatMap((incident) => {
      const { resolvedAt, openedAt } = incident;
      if (resolvedAt === null || resolvedAt <= since) return [];
      return [{ ...ofIncident(incident), openedAt: instant(openedAt), at: instant(resolvedAt) }];
    }),
  };
}

function ofIncident(incident: IncidentFact & { readonly sourceId: string }) {
  return { sourceId: incident.sourceId, reason: incident.reason, cause: causeOfIncident(incident) };
}

/** By its newest evidence, as everywhere. */
function causeOfIncident({ reason, samples }: IncidentFact) {
  return causeOf(reason, samples.at(-1)?.detail ?? null);
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
