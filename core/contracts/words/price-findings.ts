import * as z from 'zod';
import { assetClasses } from '../../market/instrument.ts';

/**
 * What the rules of prices find about a row that is stored as it came: closed lists. docs/reasons.md has a line on each
 * rule and each evidence.
 */

/** The rules, in the order in which they run. */
export const priceRules = [
  'unit',
  'splits',
  'edges',
  'shape',
  'history',
  'dividends',
  'adjusted_close',
  'sources',
  'names',
  'members',
  'venues',
] as const;
export type PriceRule = (typeof priceRules)[number];

/** The rules that a text names, separated by commas; `wrong` is the first name that is none. */
export function priceRulesIn(text: string): { readonly rules: readonly PriceRule[]; readonly wrong: string | null } {
  const names = new Set(text.split(',').flatMap((name) => name.trim() || []));
  const rules = priceRules.filter((rule) => names.has(rule));
  return { rules, wrong: [...names].find((name) => !rules.some((rule) => rule === name)) ?? null };
}

/** `wrong` keeps a row out of the default answer; `doubt` and `info` only mark it. */
export const findingSeverities = ['info', 'doubt', 'wrong'] as const;
export type FindingSeverity = (typeof findingSeverities)[number];

/** A finding is open until somebody decides on it, or until its row says something else. */
export const findingStatuses = ['open', 'accepted', 'dismissed', 'gone'] as const;
export type FindingStatus = (typeof findingStatuses)[number];

/** What a finding is about. */
export const findingSubjects = ['quote', 'bar', 'dividend', 'split', 'capital_gain', 'listing', 'index'] as const;
export type FindingSubject = (typeof findingSubjects)[number];

/** What beside its name speaks against a symbol's meaning the same instrument as before. */
export const nameContradictions = ['asset_class', 'currency', 'price'] as const;
export type NameContradiction = (typeof nameContradictions)[number];

/** The prices of a bar. */
export const priceFields = ['open', 'high', 'low', 'close'] as const;
export type PriceField = (typeof priceFields)[number];

/** By what a price is judged, strongest first. */
export const priceWitnesses = [
  'stored_quote',
  'market_price',
  'previous_close',
  'traded_rows',
  'other_source',
  'surroundings',
] as const;
export type PriceWitness = (typeof priceWitnesses)[number];

const fields = z.array(z.enum(priceFields)).readonly();
const witness = z.enum(priceWitnesses);
const day = z.string().max(40);
const symbols = z.array(z.string().max(64)).max(2_000).readonly();

/** What speaks for a finding, with its figures. */
export const findingEvidenceSchema = z
  .discriminatedUnion('code', [
    /** The price times `factor` is what the witness says. */
    z.object({ code: z.literal('other_unit'), factor: z.number(), fields, witness }),
    /** The price is `ratio` times the witness, whose reciprocal it is: a pair the other way round. */
    z.object({ code: z.literal('inverted'), ratio: z.number(), witness }),
    /** The series steps by a factor of a unit, and nothing says which side is right. */
    z.object({ code: z.literal('unit_undecided'), factor: z.number() }),
    z.object({ code: z.literal('split_not_applied'), exDate: day, ratio: z.number(), fields }),
    z.object({ code: z.literal('split_applied_twice'), exDate: day, ratio: z.number(), fields }),
    z.object({ code: z.literal('split_told_twice'), exDate: day, ratio: z.number() }),
    z.object({ code: z.literal('split_not_seen'), ratio: z.number(), moved: z.number() }),
    /** The price steps as at a split of the ratio that nobody names, without the trades of a market that falls. */
    z.object({ code: z.literal('split_not_told'), ratio: z.number(), moved: z.number() }),
    /** So many rows in a row are `ratio` times the witness. */
    z.object({ code: z.literal('price_off'), ratio: z.number(), rows: z.int(), witness }),
    z.object({ code: z.literal('outside_range'), fields }),
    z.object({ code: z.literal('far_from_close'), fields }),
    z.object({ code: z.literal('frozen'), rows: z.int() }),
    /** From this row on the volume times `factor` is what it was before. */
    z.object({ code: z.literal('volume_unit'), factor: z.number() }),
    z.object({ code: z.literal('closed_day') }),
    /** The same source said another price of this time before. */
    z.object({ code: z.literal('history_moved'), stored: z.number(), ratio: z.number() }),
    /** The same source said another amount or ratio of this action before. */
    z.object({ code: z.literal('action_changed'), stored: z.number(), ratio: z.number() }),
    /** The amount times `factor` is what the witnesses say. Figures are shares of the close before. */
    z.object({
      code: z.literal('dividend_unit'),
      factor: z.number(),
      amount: z.number(),
      fall: z.number(),
      adjusted: z.number().nullable(),
    }),
    z.object({ code: z.literal('dividend_exceeds_price'), amount: z.number() }),
    z.object({
      code: z.literal('dividend_not_seen'),
      amount: z.number(),
      fall: z.number(),
      adjusted: z.number().nullable(),
    }),
    z.object({ code: z.literal('dividend_twice'), exDate: day, fall: z.number(), other: z.number() }),
    z.object({ code: z.literal('dividend_redated'), exDate: day }),
    z.object({ code: z.literal('dividend_currency'), currency: z.string().max(20), expected: z.string().max(20) }),
    z.object({ code: z.literal('gain_within_dividend'), amount: z.number(), fall: z.number() }),
    /** What the vendor's adjusted close took off on the ex-date, beside the amount that it should. */
    z.object({ code: z.literal('adjustment_differs'), amount: z.number(), adjusted: z.number(), fall: z.number() }),
    z.object({ code: z.literal('adjustment_unexplained'), adjusted: z.number() }),
    z.object({ code: z.literal('unlike_sources'), ratio: z.number(), sources: z.int() }),
    z.object({ code: z.literal('unlike_own_bar'), ratio: z.number() }),
    /** More members of an index have changed than ever do at once, or one that joined is known to nobody. */
    z.object({ code: z.literal('members_changed'), before: symbols, after: symbols, unknown: symbols }),
    /** The source calls the symbol by a name that shares nothing with the former one, since a day. */
    z.object({
      code: z.literal('another_name'),
      known: z.string().max(400),
      said: z.string().max(400),
      from: day,
      contradicts: z.array(z.enum(nameContradictions)).readonly(),
    }),
    /** The source names another exchange since a day than other sources have, which the listing is left at. */
    z.object({ code: z.literal('another_venue'), known: z.string().max(20), said: z.string().max(20), from: day }),
  ])
  .meta({ id: 'FindingEvidence' });
export type FindingEvidence = z.infer<typeof findingEvidenceSchema>;

const amount = z.string().max(400);

/**
 * What the row should be, where that is exactly derivable. `from` is what the row said when it was judged: a proposal is
 * applied to no other. `to` is `null` where the row, or the field, should not be there.
 *
 *   prices    `fields` of a bar times `factor`; `from` and `to` are the close. A split changes the volume, too
 *   price     of a quote
 *   amount    of a dividend or capital gain
 *   ex_date   of an action
 *   row       is to be dropped
 *   instrument  the symbol means another one from a day on, with this name and listing
 */
export const findingProposalSchema = z
  .discriminatedUnion('field', [
    z.object({
      field: z.literal('prices'),
      from: amount,
      to: amount,
      why: z.enum(['unit', 'split']),
      factor: amount,
      fields,
    }),
    z.object({ field: z.literal('price'), from: amount, to: amount, why: z.enum(['unit', 'inverted']) }),
    z.object({ field: z.literal('amount'), from: amount, to: amount, why: z.enum(['unit', 'split']) }),
    z.object({ field: z.literal('ex_date'), from: day, to: day, why: z.literal('adjusted_close') }),
    z.object({
      field: z.literal('row'),
      from: amount,
      to: z.null(),
      why: z.enum(['told_twice', 'not_paid', 'within_dividend', 'closed_day']),
    }),
    z.object({
      field: z.literal('instrument'),
      from: amount,
      to: amount,
      why: z.literal('another_name'),
      since: day,
      assetClass: z.enum(assetClasses),
      mic: z.string().max(20),
      currency: z.string().max(20),
      minorFactor: z.int().positive(),
      zone: z.string().max(100),
    }),
  ])
  .meta({ id: 'FindingProposal' });
export type FindingProposal = z.infer<typeof findingProposalSchema>;
