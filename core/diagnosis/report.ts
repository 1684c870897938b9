import {
  type Changes,
  type Diagnosis,
  type Finding,
  noteBelow,
  reportFileName,
} from '../contracts/http/diagnostics.ts';
import { causeWords } from '../contracts/words/causes.ts';
import { capInWords } from '../contracts/words/health-status.ts';
import { type SummaryRefusal, summaryRefusalWords } from '../contracts/words/summary-refusals.ts';
import { minute } from './instants.ts';
import { code, sparkline } from './markdown.ts';
import { minutesBetween, openingOf } from './opening.ts';

/** What a language model wrote of a report. */
export interface Summary {
  readonly model: string;
  readonly text: string;
}

/** Why there is none. */
export interface NoSummary {
  readonly model: string;
  readonly why: SummaryRefusal;
}

/**
 * A diagnosis as Markdown, for a person who does not know the code. Text of a source is in code spans,
 * where it can do nothing.
 */
export function reportOf(diagnosis: Diagnosis, summary: Summary | NoSummary | null = null): string {
  const faults = diagnosis.findings.filter((finding) => finding.effect >= noteBelow);
  const notes = diagnosis.findings.filter((finding) => finding.effect < noteBelow);
  const parts = [
    [
      '# Diagnostics report',
      `Quotron, ${minute(diagnosis.createdAt)}. Overall score: **${scoreText(diagnosis.score)}**${capText(diagnosis.cap)}.`,
      ...simulatedText(diagnosis),
      diagnosis.headline,
      ...openingOf(diagnosis, faults),
    ],
    ...(summary ? [summaryOf(summary)] : []),
    recommendations(faults, diagnosis.cap),
    sourcesOf(diagnosis),
    ...(faults.length > 0 ? [['## What is wrong', ...faults.flatMap(findingText)]] : []),
    ...(notes.length > 0
      ? [['## To keep in mind', list(notes.map((note) => `**${note.title}.** ${note.cause}${firstStep(note)}`))]]
      : []),
    changesOf(diagnosis),
    earlierOf(diagnosis),
    placesOf(diagnosis.findings),
    [
      `*Made by fixed rules from what was measured, kept as ${reportFileName}. Times are UTC. Text in \`this type\` may come from a source: it is shown as it came, shortened, and nothing to follow.*`,
    ],
  ];
  return `${parts.flat().join('\n\n')}\n`;
}

/** Said first: a report is read elsewhere, too, where nobody sees the installation it was made on. */
function simulatedText({ simulatedSources, sources }: Diagnosis): string[] {
  if (simulatedSources.length === 0) return [];
  const titles = simulatedSources.map((id) => sources.find((source) => source.id === id)?.title ?? id);
  const whose = titles.length >= sources.length ? 'all sources' : titles.join(', ');
  return [
    `**Simulated data:** what ${whose} ${titles.length === 1 && whose !== 'all sources' ? 'says' : 'say'} is made up.`,
  ];
}

function recommendations(faults: readonly Finding[], cap: Diagnosis['cap']): string[] {
  if (faults.length === 0)
    return [
      '## What to do',
      cap === null ? 'Nothing: all is well.' : 'No fault was found; see what the first lines name.',
    ];
  const lines = faults.map((finding, place) => {
    const [first] = finding.advice;
    const typed = finding.advice.find(({ command }) => command !== null);
    const later = typed && typed !== first ? ` Then: \`${typed.command}\`` : '';
    return `${place + 1}. **${finding.title}.**${first ? ` ${stepText(first)}` : ''}${later}`;
  });
  return ['## What to do', 'What helps most comes first; the reasons are below.', lines.join('\n')];
}

function sourcesOf({ sources }: Diagnosis): string[] {
  if (sources.length === 0)
    return ['## Sources', 'They were not read: the database is too slow for it. `npx quotron status` shows them.'];
  const rows = sources.map(
    ({ title, id, status, reason, cause, score, trend, lastSuccessAt }) =>
      `| ${title} (\`${id}\`) | ${status}${cause === null && reason === null ? '' : `: ${cause === null ? code(reason ?? '') : causeWords[cause]}`} | ${scoreText(score)} | ${sparkline(trend) || '·'} | ${lastSuccessAt === null ? 'never' : minute(lastSuccessAt)} |`,
  );
  return [
    '## Sources',
    ['| source | status | score | last 24 hours | last success |', '|---|---|---|---|---|', ...rows].join('\n'),
  ];
}

function findingText(finding: Finding): string[] {
  const { count, firstSeenAt, lastSeenAt } = finding;
  const seen =
    count !== null && firstSeenAt !== null && lastSeenAt !== null
      ? [`Seen ${count} ${count === 1 ? 'time' : 'times'}, first ${minute(firstSeenAt)}, last ${minute(lastSeenAt)}.`]
      : [];
  const evidence = [...seen, ...finding.evidence];
  return [
    `### ${finding.title}`,
    `**Likely cause:** ${finding.cause}`,
    ...(evidence.length > 0 ? [`**Evidence:**\n\n${list(evidence)}`] : []),
    ...(finding.samples.length > 0 ? [`**Samples:**\n\n${list(finding.samples.map(sampleText))}`] : []),
    ...(finding.advice.length > 0
      ? [`**What to do:**\n\n${finding.advice.map((step, place) => `${place + 1}. ${stepText(step)}`).join('\n')}`]
      : []),
  ];
}

function sampleText({ at, symbol, finding, message }: Finding['samples'][number]): string {
  const of = symbol === null ? '' : ` on ${code(symbol)}`;
  const without = finding?.code === 'price_ratio' ? `the price is ${finding.ratio} times what is known` : 'no message';
  const said = message === null ? without : code(message);
  return `${minute(at)}${of}: ${said}`;
}

/** Where the samples lie, at the end: nobody reads ids, and the command for a raw answer needs one. */
function placesOf(findings: readonly Finding[]): string[] {
  const lines = findings.flatMap(({ title, samples }) =>
    samples.flatMap(({ at, runId, blobKey, artifacts }) => {
      const places = [
        ...(runId === null ? [] : [`run ${code(runId)}`]),
        ...(blobKey === null ? [] : [`blob ${code(blobKey)}`]),
        ...artifacts.map((artifact) => `artifact ${code(artifact)}`),
      ];
      return places.length === 0 ? [] : [`${title}, ${minute(at)}: ${places.join(', ')}`];
    }),
  );
  const how = 'The raw answers of a run: `npx quotron answers <run>`.';
  return lines.length === 0 ? [] : ['## Where the samples are', how, list([...new Set(lines)])];
}

function changesOf({ changes }: Diagnosis): string[] {
  const title = '## What changed since the last report';
  if (changes === null) return [title, 'This is the first report.'];
  const lines = [
    ...(changes.score.from === changes.score.to
      ? []
      : [`The overall score went from ${scoreText(changes.score.from)} to ${scoreText(changes.score.to)}.`]),
    ...changes.sources.map(
      ({ id, fromStatus, toStatus, fromScore, toScore }) =>
        `\`${id}\`: ${fromStatus === toStatus ? `still ${toStatus}` : `${fromStatus} → ${toStatus}`}, score ${scoreText(fromScore)} → ${scoreText(toScore)}.`,
    ),
    ...changes.opened.map((each) => `New incident of \`${each.sourceId}\`: ${why(each)}, ${minute(each.at)}.`),
    ...changes.closed.map(
      (each) => `Closed incident of \`${each.sourceId}\`: ${why(each)}, ${minute(each.at)}${lasted(each)}.`,
    ),
  ];
  const since = `The last one is of ${minute(changes.since)}.`;
  return [title, lines.length > 0 ? `${since}\n\n${list(lines)}` : `${since} Nothing that matters.`];
}

function why({ cause, reason }: Changes['opened'][number]): string {
  return cause === null ? code(reason) : causeWords[cause];
}

function lasted({ openedAt, at }: Changes['closed'][number]): string {
  return openedAt === null ? '' : `, after ${minutesBetween(openedAt, at)}`;
}

/** The reports before this one: when, and what they said in a sentence. */
function earlierOf({ earlier }: Diagnosis): string[] {
  if (earlier.length === 0) return [];
  const lines = earlier.map(
    ({ createdAt, score, headline }) => `${minute(createdAt)}, ${scoreText(score)}: ${headline}`,
  );
  return ['## Earlier reports', list(lines)];
}

/** The model's words are quoted line by line, in code spans: it has read what sources said. */
function summaryOf(summary: Summary | NoSummary): string[] {
  const heading = '## Summary by a language model';
  const model = code(summary.model);
  if ('why' in summary)
    return [
      heading,
      `There is none by the model ${model}. ${summaryRefusalWords[summary.why]} The report is whole without it.`,
    ];
  const lines = summary.text.split('\n').filter((line) => line.trim() !== '');
  return [
    heading,
    `Written by the model ${model} from this report. It names nothing that the report does not, and each sentence cited findings of it; whether it is right, nothing more checks. The rules' own findings follow.`,
    lines.map((line) => `> ${code(line, longestLine)}`).join('\n>\n'),
  ];
}

/** A summary may be one line, and is bounded where it is checked. */
const longestLine = 1_500;

function firstStep({ advice: [step] }: Finding): string {
  return step ? ` ${stepText(step)}` : '';
}

function stepText({ text, command }: Finding['advice'][number]): string {
  return command === null ? text : `${text} \`${command}\``;
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

function capText(cap: Diagnosis['cap']): string {
  return cap === null ? '' : ` (${capInWords(cap, null)})`;
}

function scoreText(score: number | null): string {
  return score === null ? 'not known' : `${score} of 100`;
}
