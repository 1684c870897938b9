import * as z from 'zod';

/**
 * What exactly is wrong with a row that is held back, for rules: a closed list of codes, some with data. The row's
 * `reason` is its kind. docs/reasons.md has a line on each.
 */

/** Codes that carry no data. */
export const plainRowCodes = [
  'range_violated',
  'contradicting_change',
  'doubled_text',
  'unregistered_symbol',
  'unasked_symbol',
  'unit_unknown',
  'units_mixed',
  'unit_unlike_series',
  'unit_undecided',
  'isolated_price',
  'unspecified',
] as const;

export const rowFindingSchema = z
  .discriminatedUnion('code', [
    z.object({ code: z.enum(plainRowCodes) }),
    z.object({ code: z.literal('invalid_fields'), fields: z.array(z.string().max(200)).max(20).readonly() }),
    z.object({ code: z.literal('future_time'), seconds: z.number() }),
    z.object({ code: z.literal('non_positive_price'), price: z.string().max(100) }),
    z.object({ code: z.literal('other_currency'), currency: z.string().max(20), expected: z.string().max(20) }),
    z.object({ code: z.literal('unknown_currency'), currency: z.string().max(20) }),
    /** How many times the other price it is: `stored` is the latest of the same source. */
    z.object({
      code: z.literal('price_ratio'),
      ratio: z.number().positive(),
      to: z.enum(['stored', 'previous_close']),
      /** The price that it was compared with, in major units; absent where it was several, or a former release kept it. */
      than: z.string().max(100).optional(),
    }),
    z.object({ code: z.literal('unadjusted_split'), exDate: z.string().max(20) }),
    z.object({ code: z.literal('conflicting_rows'), rows: z.int().positive() }),
  ])
  .meta({ id: 'RowFinding' });
export type RowFinding = z.infer<typeof rowFindingSchema>;

/** A finding that was stored, maybe by another release: a missing or unknown one is `unspecified`. */
export const keptFindingSchema = rowFindingSchema.catch({ code: 'unspecified' });
