import type { VisibleTo } from '../../auth/visible-sources.ts';
import type { HistoryFiles } from '../../ports/history-archive.ts';
import type { QuoteReader } from '../../ports/quote-reader.ts';
import { tieredHistory } from '../../serving/tiered-history.ts';
import type { Pool } from '../postgres/database/pool.ts';
import { archiveIndex } from '../postgres/history/archive-index.ts';
import { quoteReader } from '../postgres/prices/quote-reader.ts';
import { coldHistory } from './cold-history.ts';

/** Reads of quotes from Postgres, those of the past from the archive, too. */
export function tieredQuotes(pool: Pool, files: HistoryFiles): VisibleTo<QuoteReader> {
  const index = archiveIndex(pool);
  const hot = quoteReader(pool);
  const past = tieredHistory(hot, coldHistory(index, files), index);
  return (visible) => ({ ...hot(visible), ...past(visible) });
}
