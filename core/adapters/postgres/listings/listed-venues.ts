import * as z from 'zod';
import type { Venue } from '../../../market/calendar.ts';
import type { Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';

const venueRow = z.object({ mic: z.string(), zone: z.string() });

/** The venues of all listings with their zones: a few dozen, however many listings there are. Reads all listings. */
export async function listedVenues(pool: Pool): Promise<readonly Venue[]> {
  return rowsOf(venueRow, await pool.query('SELECT DISTINCT mic, zone FROM listing'));
}
