/** The double's exports. */
import type { ExportView } from '../../../core/contracts/http/exports.ts';

export const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
export const exportId = (n: number) => `0198a7c0-0000-5000-8000-00000000000${n}`;

/** An export that is done. */
export function exportOf(differs: Partial<ExportView> = {}): ExportView {
  return {
    ...{ id: exportId(1), status: 'succeeded', failure: null, symbols: null, exchange: 'XNAS' },
    ...{ intervals: ['tick', '1d'], from: '2026-08-01', to: '2026-10-31', use: 'internal', leftOut: [] },
    ...{ listings: 412, parts: { done: 9, total: 9 }, rows: 18_402_117, bytes: 912_400_311, files: 187 },
    ...{ createdAt: ago(20), finishedAt: ago(19), expiresAt: ago(19 - 7 * 24) },
    ...differs,
  };
}

export function usualExports(): ExportView[] {
  const notDone = { finishedAt: null, expiresAt: null };
  return [
    exportOf({
      ...{ id: exportId(2), status: 'running', parts: { done: 3, total: 12 }, createdAt: ago(0.1), ...notDone },
      ...{ symbols: ['AAPL', 'MSFT', 'NVDA', 'VOD.L', 'BTC-USD'], exchange: null, listings: 5 },
      ...{ rows: 1_204_311, bytes: 61_300_120, files: 14, leftOut: ['yahoo'], use: 'display' },
    }),
    exportOf(),
    exportOf({
      ...{ id: exportId(3), status: 'failed', failure: 'too_many_rows', createdAt: ago(50), expiresAt: null },
      ...{ symbols: null, exchange: null, listings: 4_880, parts: { done: 31, total: 80 } },
    }),
    exportOf({ id: exportId(4), status: 'expired', createdAt: ago(400), expiresAt: ago(200), exchange: 'XLON' }),
  ];
}
