import * as z from 'zod';
import {
  findingEvidenceSchema,
  findingProposalSchema,
  findingSeverities,
  findingStatuses,
  findingSubjects,
  priceRules,
} from '../words/price-findings.ts';

/** What speaks against a row that is stored. */
export const findingSchema = z
  .object({
    id: z.string(),
    rule: z.enum(priceRules),
    severity: z.enum(findingSeverities),
    status: z.enum(findingStatuses),
    subject: z.object({
      symbol: z.string().nullable(),
      source: z.string(),
      kind: z.enum(findingSubjects),
      interval: z.string().nullable(),
      /** The trading day of a bar, the ex-date of an action; `null` for quotes and listings. */
      date: z.iso.date().nullable(),
      /** The start of a bar. */
      at: z.iso.datetime().nullable(),
    }),
    evidence: findingEvidenceSchema,
    /** What the row should be, where that is exactly derivable. */
    proposal: findingProposalSchema.nullable(),
    openedAt: z.iso.datetime(),
    closedAt: z.iso.datetime().nullable(),
    /** The API key that accepted or dismissed it. */
    by: z.string().nullable(),
  })
  .meta({ id: 'Finding' });
export type FindingView = z.infer<typeof findingSchema>;

/** Which findings to accept or dismiss. */
export const findingsDecisionSchema = z.strictObject({
  ids: z
    .array(z.string().regex(/^\d{1,18}$/))
    .min(1)
    .max(1_000),
});

/** Those that were open and are decided now. */
export const findingsDecidedSchema = z
  .object({ status: z.enum(['accepted', 'dismissed']), ids: z.array(z.string()) })
  .meta({ id: 'FindingsDecided' });
