import * as z from 'zod';
import { decimalText } from '../database/rows.ts';

/** The `BarPrices` of a row. */
export const barPriceFields = {
  date: z.string().nullable(),
  open: decimalText.nullable(),
  high: decimalText.nullable(),
  low: decimalText.nullable(),
  close: decimalText,
  volume: decimalText.nullable(),
  currency: z.string(),
};
