/**
 * How the HTML of a rendered page says what of it is displayed. The browser marks it while the page is open, because
 * only it knows styles and sizes; readers of kept pages go by the marks.
 *
 *   page         on the root: this page is marked
 *   gone         takes no room: a cell of this kind shifts those behind it
 *   none         takes its room, and nothing in it is seen
 *   inner        its own text is not seen; elements in it may be
 *   gap-before, gap-after    seen apart from the text before or after it
 *   raised       displayed as a superscript
 *   uppercase, lowercase, capitalize    its own text is displayed so
 */
export const shownAttribute = 'data-quotron-shown';
/** Text that a style writes before and after the content of an element. */
export const shownBefore = 'data-quotron-before';
export const shownAfter = 'data-quotron-after';

/**
 * A table that came in parts: the one in the page has the first attribute, tables with rows of further parts follow the
 * page with the second, and behind them an element with the verdict: `whole`, or why it is not.
 */
export const listAttribute = 'data-quotron-list';
export const partAttribute = 'data-quotron-part';
export const verdictAttribute = 'data-quotron-verdict';
