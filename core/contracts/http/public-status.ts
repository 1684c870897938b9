import * as z from 'zod';
import { healthStatuses, systemStatuses } from '../words/health-status.ts';

/** A share of hours; `null` while none was judged. */
const share = z.number().min(0).max(1).nullable();

/** What everybody may know: how each source does, without its symbols, messages and addresses. */
export const publicStatusSchema = z
  .object({
    at: z.iso.datetime(),
    status: z.enum(systemStatuses),
    sources: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        status: z.enum(healthStatuses),
        since: z.iso.datetime().nullable(),
        /** The share of judged hours in which it had not failed, of the last 24 and of the last 30 days. */
        uptime: z.object({ day: share, month: share }),
      }),
    ),
  })
  .meta({ id: 'PublicStatus' });
export type PublicStatus = z.infer<typeof publicStatusSchema>;
