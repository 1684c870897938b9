import * as z from 'zod';
import { assetClasses } from '../../market/instrument.ts';
import { licenceClasses } from '../words/licence.ts';
import { holdingGaps, modelFaults, sectorOrigins, weightUnits } from '../words/model-faults.ts';
import { decimal } from './envelope.ts';

/** An amount in a model. */
export const amountPattern = /^\d{1,15}(\.\d{1,6})?$/;

/** How far from 1 a sum of rounded weights may be. */
export const weightRounding = 0.000_05;

export const modelLimits = { models: 200, holdings: 500, name: 120, sector: 64 } as const;

/** What a model is called in addresses. */
export const modelIdPattern = /^[a-z0-9][a-z0-9-]{0,63}$/;

export const modelName = z
  .string()
  .trim()
  .min(1)
  .max(modelLimits.name)
  .regex(/^[ -~\u00a0-\uffff]*$/, 'has a control character');

/**
 * A model as it is sent: holdings with weights, as fractions or percent. Without `unit` their sum says which; where it does
 * not, the request is refused. CSV is the same with a line a holding: symbol, weight, and sector.
 */
export const modelRequestSchema = z
  .strictObject({
    name: modelName.optional(),
    unit: z.enum(weightUnits).optional(),
    holdings: z
      .array(
        z.strictObject({
          symbol: z.string().max(200),
          weight: z.union([z.number(), z.string().max(200)]),
          sector: z.string().max(200).nullish(),
        }),
      )
      .max(10_000),
  })
  .meta({ id: 'ModelRequest' });
export type ModelRequest = z.infer<typeof modelRequestSchema>;

/** Of the list of models. */
export const modelItemSchema = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    /** Rises with each change. */
    revision: z.int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    holdings: z.int(),
    /** Of all weights, as a fraction. */
    weightSum: decimal,
  })
  .meta({ id: 'ModelItem' });
export type ModelItem = z.infer<typeof modelItemSchema>;

const holdingSchema = z
  .object({
    symbol: z.string(),
    name: z.string().nullable(),
    assetClass: z.enum(assetClasses).nullable(),
    /** As a fraction: 0.25 is 25 %. */
    weight: decimal,
    /** `null` where nobody says. */
    sector: z.string().nullable(),
    sectorFrom: z.enum(sectorOrigins).nullable(),
    price: decimal.nullable(),
    currency: z.string().nullable(),
    changeFraction: decimal.nullable(),
    /** To the day's change of the model: its weight times its own. */
    contribution: decimal.nullable(),
    asOf: z.iso.datetime().nullable(),
    source: z.string().nullable(),
    licence: z.enum(licenceClasses).nullable(),
    stale: z.boolean(),
    /** Why it counts in no value; `null` where it does. */
    gap: z.enum(holdingGaps).nullable(),
    /** Of an unknown symbol: known ones that are spelled nearly so. */
    near: z.array(z.string()),
  })
  .meta({ id: 'ModelHolding' });
export type ModelHolding = z.infer<typeof holdingSchema>;

const sectorSchema = z
  .object({
    /** `null`: holdings of which nobody says the sector. */
    sector: z.string().nullable(),
    weight: decimal,
    holdings: z.array(z.string()),
    /** To the day's change of the model; `null` where one of the holdings has none. */
    contribution: decimal.nullable(),
  })
  .meta({ id: 'ModelSector' });

const valueSchema = z
  .object({
    /** What was in the model at the close before, by its weights. */
    amount: decimal,
    /** What that is at the prices of now. `null` where a holding has a gap: a sum of the others would pass for the whole. */
    now: decimal.nullable(),
    change: decimal.nullable(),
    changeFraction: decimal.nullable(),
    /** The weight of the holdings that have a price and a change. */
    pricedWeight: decimal,
    /** What those contribute. It is the day's change only where none is missing. */
    pricedContribution: decimal,
    /** Holdings with a gap. */
    missing: z.array(z.object({ symbol: z.string(), gap: z.enum(holdingGaps) })),
    /** Holdings whose price is stale: it counts as it is. */
    stale: z.array(z.string()),
    /** In which the prices are. Rates between them are not counted. */
    currencies: z.array(z.string()),
    /** The oldest and the newest market time of the prices. */
    oldestAsOf: z.iso.datetime().nullable(),
    newestAsOf: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ModelValue' });

export const modelSchema = modelItemSchema
  .extend({ holdings: z.array(holdingSchema), sectors: z.array(sectorSchema), value: valueSchema })
  .meta({ id: 'Model' });
export type ModelView = z.infer<typeof modelSchema>;

export const modelFaultSchema = z
  .object({
    /** Of the file, from 1; of JSON the number of the holding. `null`: of the whole. */
    line: z.int().nullable(),
    code: z.enum(modelFaults),
    /** What stands there, cut. */
    given: z.string(),
  })
  .meta({ id: 'ModelFaultView' });
export type ModelFaultView = z.infer<typeof modelFaultSchema>;

/** What a file would become. */
export const modelPreviewSchema = z
  .object({
    /** Without faults it can be stored. */
    faults: z.array(modelFaultSchema),
    /** How the weights were read; `null` where that is not clear. */
    unit: z.enum(weightUnits).nullable(),
    weightSum: decimal,
    holdings: z.array(
      z.object({
        line: z.int(),
        symbol: z.string(),
        weight: decimal,
        sector: z.string().nullable(),
        name: z.string().nullable(),
        known: z.boolean(),
        near: z.array(z.string()),
      }),
    ),
    /** Columns that are not read. */
    ignoredColumns: z.array(z.string()),
  })
  .meta({ id: 'ModelPreview' });
export type ModelPreview = z.infer<typeof modelPreviewSchema>;

export const modelRemovedSchema = z.object({ id: z.string(), removed: z.boolean() }).meta({ id: 'ModelRemoved' });
