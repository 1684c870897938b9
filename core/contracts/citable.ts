import * as z from 'zod';

/** What a sentence of a summary may cite: a finding of the report, or the installation as a whole. */
export const citableSchema = z.object({
  /** `f1`, `f2` … in the order of the report; `s` for the whole. */
  id: z.string(),
  title: z.string(),
  /** Ids and titles of the sources that it is about. */
  names: z.array(z.string()),
  /** What the report says of it in our own words: cause and evidence. */
  text: z.string(),
  /** It is no fault, or one that works again. */
  isWell: z.boolean(),
});
export type Citable = z.infer<typeof citableSchema>;
