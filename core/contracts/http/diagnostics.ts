import * as z from 'zod';
import { causes } from '../words/causes.ts';
import { keptDetailSchema } from '../words/failure-details.ts';
import { healthStatuses } from '../words/health-status.ts';
import { keptFindingSchema } from '../words/row-findings.ts';
import { summaryRefusals } from '../words/summary-refusals.ts';
import { systemHealthSchema } from './health.ts';

const instant = z.iso.datetime();
/** What a reason means to a person, as in health and incidents; `null` in reports of before. */
const cause = z.enum(causes).nullable().default(null);

/** One sample. Message and symbol come from a source or a parser: untrusted data. */
export const sampleSchema = z.object({
  at: instant,
  runId: z.uuid().nullable(),
  symbol: z.string().nullable(),
  /** Which failure it was; `null` for a row in quarantine. */
  detail: keptDetailSchema.nullable(),
  /** What a check found wrong with a row; `null` for a run. */
  finding: keptFindingSchema.nullable(),
  message: z.string().nullable(),
  blobKey: z.string().nullable(),
  /** S3 keys of screenshots and HTML of a failed page. */
  artifacts: z.array(z.string()),
});
export type Sample = z.infer<typeof sampleSchema>;

/** Who a fault affects: symbols, where they trade, and what was served of them meanwhile. */
export const affectedSchema = z.object({
  /** Symbols that it affects, of those that were requested meanwhile. */
  hit: z.int(),
  asked: z.int(),
  /** The first of the affected ones, by the canonical symbol. */
  names: z.array(z.string()).default([]),
  /** Where they trade, the most frequent first. */
  markets: z.array(z.object({ name: z.string(), count: z.int() })).default([]),
  /** Markets beside these. */
  otherMarkets: z.int().default(0),
  /** Of a fault of quotes; `null` for others, and where nothing is known. */
  served: z
    .object({
      /** Symbols of which another source gave a price since it began, and which sources did. */
      byOthers: z.int(),
      others: z.array(z.string()),
      /** Minutes since the price that is served of a symbol was last confirmed: the most of those without another source. */
      oldestMinutes: z.int().nullable(),
    })
    .nullable()
    .default(null),
});
export type Affected = z.infer<typeof affectedSchema>;

/** A fault, its likely cause, and what to do. */
export const findingSchema = z
  .object({
    /** The rule that names the cause; `unexplained` where no rule matches. */
    rule: z.string(),
    /** Ids of the sources it is about; none for what is wrong with Quotron itself. */
    sources: z.array(z.string()),
    title: z.string(),
    /** Reasons of failed runs, or of quarantined rows, that it explains. */
    reasons: z.array(z.string()),
    explained: z.boolean(),
    /** The cause as everywhere else, where it is about one source. */
    causeCode: cause,
    cause: z.string(),
    /** The evidence, in figures. */
    evidence: z.array(z.string()),
    count: z.int().nullable(),
    firstSeenAt: instant.nullable(),
    lastSeenAt: instant.nullable(),
    samples: z.array(sampleSchema),
    /** Of a source. */
    symbols: affectedSchema.nullable().default(null),
    /** Since when it works again, though the fault is not over yet. */
    healedAt: instant.nullable().default(null),
    /** Of a source: the latest recovery since it began. */
    recovery: z.object({ status: z.string(), requestedAt: instant }).nullable().default(null),
    advice: z.array(z.object({ text: z.string(), command: z.string().nullable() })),
    /** 0 to 100: how much a fix would improve. Findings are in this order. */
    effect: z.int(),
  })
  .meta({ id: 'Finding' });
export type Finding = z.infer<typeof findingSchema>;

/** Findings with less effect are notes, not faults. */
export const noteBelow = 25;

export const diagnosedSourceSchema = z.object({
  id: z.string(),
  title: z.string(),
  status: z.enum(healthStatuses),
  reason: z.string().nullable(),
  cause,
  score: z.number().nullable(),
  /** Scores of the last 24 hours, oldest first; `null` where there was no sample. */
  trend: z.array(z.number().nullable()),
  lastSuccessAt: instant.nullable(),
  /** Until when it gets no request; `null` where it may be asked. */
  heldUntil: instant.nullable().default(null),
  openIncidents: z.array(z.object({ reason: z.string(), cause, openedAt: instant })),
});
export type DiagnosedSource = z.infer<typeof diagnosedSourceSchema>;

/** A fault that is over: an incident of a source that ended since the report before, or in the last day. */
export const endedSchema = z.object({
  sourceId: z.string(),
  title: z.string(),
  reason: z.string(),
  cause,
  openedAt: instant,
  resolvedAt: instant,
  minutes: z.int(),
  symbols: affectedSchema.nullable(),
  /** What ended it. */
  recovery: z.object({ status: z.string(), requestedAt: instant }).nullable(),
});
export type Ended = z.infer<typeof endedSchema>;

/** Differences to the previous report. */
export const changesSchema = z.object({
  since: instant,
  score: z.object({ from: z.number().nullable(), to: z.number().nullable() }),
  /** Sources whose status changed, or whose score moved by ten or more. */
  sources: z.array(
    z.object({
      id: z.string(),
      fromStatus: z.string(),
      toStatus: z.string(),
      fromScore: z.number().nullable(),
      toScore: z.number().nullable(),
    }),
  ),
  opened: z.array(z.object({ sourceId: z.string(), reason: z.string(), cause, at: instant })),
  /** Those that are over, with when each began. */
  closed: z.array(
    z.object({
      sourceId: z.string(),
      reason: z.string(),
      cause,
      openedAt: instant.nullable().default(null),
      at: instant,
    }),
  ),
});
export type Changes = z.infer<typeof changesSchema>;

/** What the rules found, as data. The Markdown report says the same. */
export const diagnosisSchema = z
  .object({
    createdAt: instant,
    /** 0 to 100; `null` while no source has run. */
    score: z.number().nullable(),
    /** What holds the score below the mean of the sources; `null` where nothing does, and in reports of before. */
    cap: systemHealthSchema.shape.cap.default(null),
    headline: z.string(),
    sources: z.array(diagnosedSourceSchema),
    findings: z.array(findingSchema),
    /** Newest first. */
    ended: z.array(endedSchema).default([]),
    /** Reports before this one, newest first. */
    /** Ids of the sources whose data are made up. */
    simulatedSources: z.array(z.string()).default([]),
    earlier: z
      .array(z.object({ id: z.uuid(), createdAt: instant, score: z.number().nullable(), headline: z.string() }))
      .default([]),
    changes: changesSchema.nullable(),
  })
  .meta({ id: 'Diagnosis' });
export type Diagnosis = z.infer<typeof diagnosisSchema>;

/** A summary by a language model: nothing checks whether it is right. */
export const summarySchema = z.object({ model: z.string(), text: z.string() });

/** Why a report has no summary by the model that was asked for one. */
export const summaryRefusalSchema = z.object({ model: z.string(), why: z.enum(summaryRefusals) });

/** `GET /diagnostics/{id}` as JSON. */
export const diagnosisViewSchema = diagnosisSchema
  .extend({
    id: z.uuid(),
    status: z.literal('done'),
    summary: summarySchema.nullable(),
    /** `null` where there is a summary, or none was asked for or has come yet. */
    summaryRefusal: summaryRefusalSchema.nullable().default(null),
  })
  .meta({ id: 'DiagnosisReport' });
export type DiagnosisView = z.infer<typeof diagnosisViewSchema>;

/** `POST /diagnostics`: the report is complete when this is answered. */
export const diagnosisAcceptedSchema = z
  .object({ id: z.uuid(), status: z.literal('done') })
  .meta({ id: 'DiagnosisAccepted' });

/** One of `GET /diagnostics`. */
export const diagnosisItemSchema = z
  .object({ id: z.uuid(), createdAt: instant, score: z.number().nullable(), headline: z.string() })
  .meta({ id: 'DiagnosisItem' });
export type DiagnosisItem = z.infer<typeof diagnosisItemSchema>;

/** The file name of the report. */
export const reportFileName = 'diagnostics_report.md';
