/** What the Diagnose page reads: the list of reports, and one of them as data. */
import { queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import { diagnosisItemSchema, diagnosisViewSchema } from '../../../core/contracts/http/diagnostics.ts';
import { reader } from './client.ts';

const readReports = reader(z.array(diagnosisItemSchema));
const readReport = reader(diagnosisViewSchema);

/** How often a report is read again while a summary by a language model may come. */
const summaryEveryMs = 5_000;
/** The model has a minute; after that nothing comes any more. */
const summaryWithinMs = 90_000;

/** The latest reports, newest first. */
export const reportsQuery = queryOptions({
  queryKey: ['reports'],
  queryFn: async ({ signal }) => (await readReports('/diagnostics?limit=50', signal)).data,
});

/** One report. It never changes, but for a summary that comes within a minute. */
export function reportQuery(id: string) {
  return queryOptions({
    queryKey: ['report', id],
    queryFn: async ({ signal }) => (await readReport(`/diagnostics/${encodeURIComponent(id)}`, signal)).data,
    staleTime: 60_000,
    refetchInterval: ({ state: { data } }) => {
      if (!data || data.summary !== null || data.summaryRefusal !== null) return false;
      return Date.now() - Date.parse(data.createdAt) < summaryWithinMs ? summaryEveryMs : false;
    },
  });
}

/** The address of a report as a file. */
export function reportFile(id: string): string {
  return `/api/v1/diagnostics/${encodeURIComponent(id)}`;
}
