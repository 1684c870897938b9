import { type TableQuestion, tableFunctions } from './look-at-table.ts';

/** Uses what leads to more rows. Gives whether there was such a thing. */
export const followScript = (asked: TableQuestion, way: 'all' | 'next' | 'more') => `(() => {
  ${tableFunctions(asked)}
  const table = theTable();
  const found = table && control('${way}', table);
  if (!found) return false;
  if (found.localName === 'option') {
    const select = found.closest('select');
    select.value = found.value;
    select.dispatchEvent(new Event('input', { bubbles: true }));
    select.dispatchEvent(new Event('change', { bubbles: true }));
  } else (found.localName === 'li' ? found.querySelector('a, button') || found : found).click();
  return true;
})()`;

/**
 * Waits until the rows have stayed as they are for `quietMs`, `mostMs` at most, or are others than `before`. Looks at the
 * end of the table meanwhile, for pages that bring rows only to where one looks. Gives whether they were quiet.
 */
export const settleScript = (
  asked: TableQuestion,
  quietMs: number,
  mostMs: number,
  before: string | null,
) => `(async () => {
  ${tableFunctions(asked)}
  const before = ${JSON.stringify(before)};
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const until = performance.now() + ${mostMs};
  // The same for the same rows in another order: prices move, and tables that are sorted by them.
  const state = () => {
    const table = theTable(), rows = table ? rowsOf(table) : [];
    let sum = 0;
    for (const row of rows) { let hash = 7; for (const letter of keyOf(row)) hash = (hash * 31 + letter.codePointAt(0)) | 0; sum = (sum + hash) | 0; }
    return rows.length + ' ' + sum;
  };
  let last = state(), since = performance.now();
  while (performance.now() < until) {
    const table = theTable();
    const box = before === null && table ? scrollerOf(table) : null;
    if (box) {
      const at = box.scrollTop;
      box.scrollTop = box.scrollHeight;
      // Some pages bring more when one scrolls, wherever that leads.
      if (box.scrollTop === at) box.scrollTop = at - 2;
    }
    await pause(50);
    const now = state();
    if (before !== null && now !== before) return { quiet: true, state: now };
    if (now !== last) { last = now; since = performance.now(); }
    else if (before === null && performance.now() - since >= ${quietMs}) return { quiet: true, state: now };
  }
  return { quiet: false, state: last };
})()`;

/** Goes to the top of the table, or on by what of it is in view. Gives `end`, `stuck` or `moved`. */
export const scrollScript = (asked: TableQuestion, to: 'top' | 'on') => `(async () => {
  ${tableFunctions(asked)}
  const table = theTable();
  if (!table) return 'end';
  const box = scrollerOf(table);
  if (!box) return 'end';
  const before = box.scrollTop;
  box.scrollTop = '${to}' === 'top' ? 0 : before + Math.max(40, box.clientHeight * 0.8);
  await new Promise((resolve) => setTimeout(resolve, 60));
  return box.scrollTop + box.clientHeight >= box.scrollHeight - 1 ? 'end' : box.scrollTop === before ? 'stuck' : 'moved';
})()`;
