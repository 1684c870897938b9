import type { Failure } from '../../contracts/failure.ts';
import type { HtmlPage } from './html.ts';

/** The failure of a page whose table is not there whole, or `null`: a part of a list is never taken for the list. */
export function unfinishedList({ list }: HtmlPage): Failure | null {
  if (list === null || list.isWhole) return null;
  const { rows, said, isUnfinished } = list;
  return {
    reason: isUnfinished ? 'timeout' : 'schema_drift',
    detail: { code: 'table_incomplete', rows, ...(said === null ? {} : { of: said }) },
    message: isUnfinished
      ? `The table had ${rows} rows and was not complete when its time was over.`
      : `The table has ${rows} rows${said === null ? '' : ` of the ${said} that it says`}, and nothing leads to the others.`,
  };
}
