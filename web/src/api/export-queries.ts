/** What the page of exports reads. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import {
  type ExportView,
  exportLinkSchema,
  exportLinkSeconds,
  exportSchema,
} from '../../../core/contracts/http/exports.ts';
import { reader } from './client.ts';

const readExports = reader(z.array(exportSchema));
const readExport = reader(exportSchema);
const readLinks = reader(z.array(exportLinkSchema));

/** Of an export that is being written, and of one that somebody else may make. */
const [soon, seldom] = [2_000, 30_000];

/** Whether an export is still being written. */
export function isOpen({ status }: ExportView): boolean {
  return status === 'waiting' || status === 'running';
}

/** Exports, the newest first, page after page. */
export const exportsQuery = infiniteQueryOptions({
  queryKey: ['exports'],
  queryFn: async ({ pageParam, signal }) => {
    const answer = await readExports(`/exports?limit=50${cursorOf(pageParam)}`, signal);
    return { exports: answer.data, nextCursor: answer.meta.nextCursor };
  },
  initialPageParam: '',
  getNextPageParam: ({ nextCursor }) => nextCursor,
  refetchInterval: ({ state: { data } }) => {
    if (data?.pages.some((page) => page.exports.some(isOpen))) return soon;
    return data && data.pages.length > 1 ? false : seldom;
  },
});

/** One export with its progress. */
export function exportQuery(id: string) {
  return queryOptions({
    queryKey: ['exports', id],
    queryFn: async ({ signal }) => (await readExport(`/exports/${encodeURIComponent(id)}`, signal)).data,
    refetchInterval: ({ state: { data } }) => (data === undefined || isOpen(data) ? soon : seldom),
  });
}

/** Links to the files of an export, page after page. They are read again before they end, and are not kept. */
export function exportLinksQuery(id: string) {
  return infiniteQueryOptions({
    queryKey: ['export-links', id],
    queryFn: async ({ pageParam, signal }) => {
      const path = `/exports/${encodeURIComponent(id)}/files?limit=100${cursorOf(pageParam)}`;
      const answer = await readLinks(path, signal);
      return { links: answer.data, nextCursor: answer.meta.nextCursor };
    },
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
    gcTime: 0,
    refetchInterval: (exportLinkSeconds * 1_000 * 2) / 3,
  });
}

function cursorOf(cursor: string): string {
  return cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
}
