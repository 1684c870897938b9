import {
  listAttribute,
  partAttribute,
  shownAfter,
  shownAttribute,
  shownBefore,
  verdictAttribute,
} from '../../../contracts/words/shown-marks.ts';
import { type TableQuestion, tableFunctions } from './look-at-table.ts';
import { seenTexts } from './seen-texts.ts';

/** The table whose rows are wanted, and, for a further part of it, the rows that are known. */
export interface MarkedTable {
  readonly asked: TableQuestion;
  readonly known: readonly string[] | null;
}

/**
 * Runs in a page, in a world of its own: writes the page as HTML in which everything that is not displayed at the size of
 * the browser is marked (see `shown-marks.ts`), and leaves the page as it was. `null` when it takes longer than `ms`.
 *
 * Styles and boxes are read first and marks are written afterwards: a page in which reading and writing alternate is laid
 * out again each time. Gives the HTML; of a further part of a table, that table with its new rows. Where a table is asked for, gives
 * `{ html, look }`, with what is known of the table.
 */
export const markShown = (ms: number, table: MarkedTable | null) => String.raw`(() => {
  const marked = ${JSON.stringify(shownAttribute)};
  const until = performance.now() + ${Number(ms)};
  const mostElements = 200000, mostDepth = 512, mostRules = 20000;
  const unread = new Set(['script', 'style', 'template', 'noscript', 'head', 'svg', 'math', 'select', 'datalist', 'textarea', 'iframe', 'object', 'canvas', 'video', 'audio', 'rt', 'rp']);
  const iconFont = /icon|symbols\b|awesome|glyph/i;
  const isBlank = /^\s*$/;
  const marks = new Map(), before = new Map(), after = new Map(), roots = [];
  const visible = { opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: false };
  let elements = 0, list = null, part = null;

  const mark = (element, token) => {
    const given = marks.get(element);
    if (given === undefined) marks.set(element, [token]);
    else if (!given.includes(token)) given.push(token);
  };

  // Styles are read of an element only where the page's rules, or its own, have any that hide or move: most pages are
  // read twice as fast for it. A sheet that cannot be read may have everything.
  const tricks = /clip|indent|overflow|transform|scale|zoom|translate|vertical-align|position\s*:|font(-size|-family)?\s*:|filter|mask|backface|bidi|content-visibility|opacity|letter-spacing\s*:\s*-|content\s*:\s*(-webkit-)?(url|image)|text-fill-color|(^|[;{\s])color\s*:\s*(transparent|rgba\([^)]*,\s*0(\.0\d*)?\))|-\d{3,}(\.\d+)?(px|r?em|%|vw)/i;
  const rulesHave = (matches) => {
    let left = mostRules;
    const inRules = (rules) => {
      for (const rule of rules) {
        if (--left < 0 || matches(rule)) return true;
        if (rule.cssRules && rule.cssRules.length > 0 && inRules(rule.cssRules)) return true;
      }
      return false;
    };
    try {
      return [...document.styleSheets, ...document.adoptedStyleSheets].some((sheet) => inRules(sheet.cssRules));
    } catch {
      return true;
    }
  };
  const withText = rulesHave((rule) => rule.style && rule.style.content !== '');
  const withTricks = rulesHave((rule) => rule.styleSheet || (rule.style && tricks.test(rule.style.cssText)));

  const writtenText = (element, pseudo) => {
    const style = getComputedStyle(element, pseudo);
    const { content } = style;
    if (!content || content === 'none' || content === 'normal') return '';
    if (style.display === 'none' || style.visibility !== 'visible' || style.opacity === '0') return '';
    if (parseFloat(style.fontSize) < 2 || iconFont.test(style.fontFamily.split(',')[0])) return '';
    if (isFaded(style) || isPaintless(style) || isClipped(style) || /^matrix\(0, 0, 0, 0,/.test(style.transform)) return '';
    if (/hidden|clip/.test(style.overflow) && (parseFloat(style.width) <= 1 || parseFloat(style.height) <= 1)) return '';
    if (style.position !== 'static' && [style.left, style.top, style.right, style.bottom].some((each) => parseFloat(each) < -500)) return '';
    if (parseFloat(style.textIndent) < -500) return '';
    // The label that a cell has where the heading of its column is not in sight.
    if (pseudo === '::before' && /^t[dh]$/.test(element.localName) && /^attr\(|^"/.test(content) && isLabel(element, content)) return '';
    const text = content
      .replace(/^([\s\S]*?)\s\/\s"[\s\S]*$/, '$1')
      .replace(/attr\(\s*([\w-]+)[^)]*\)|"((?:[^"\\]|\\[\s\S])*)"|([\w-]+\([^)]*\))/g, (_, name, quoted) =>
        name ? element.getAttribute(name) || '' : quoted === undefined ? '' : quoted.replace(/\\([0-9a-f]{1,6}) ?|\\([\s\S])/gi, (_all, hex, plain) => hex ? String.fromCodePoint(parseInt(hex, 16) || 0xfffd) : plain));
    const apart = style.position === 'absolute' || style.display !== 'inline' || parseFloat(style.marginLeft) + parseFloat(style.marginRight) + parseFloat(style.paddingLeft) + parseFloat(style.paddingRight) > 0;
    return apart && text !== '' ? ' ' + text + ' ' : text;
  };

  const isLabel = (cell, content) => {
    const names = [...cell.attributes].filter((each) => /label|title|heading|header|^data-(th|name|column|col)$/i.test(each.name) && each.value.trim() !== '');
    return cell.textContent.trim() !== '' && names.some((each) => content.replace(/^"|"$/g, '').trim().replace(/\s*:\s*$/, '') === each.value.trim());
  };

  // Whether a clip leaves nothing, or one pixel, as for screen readers.
  const isClipped = (style) => {
    if (style.clip !== 'auto' && (style.position === 'absolute' || style.position === 'fixed')) {
      const [top, right, bottom, left] = (style.clip.match(/-?[\d.]+px|auto/g) || []).map((each) => each === 'auto' ? null : parseFloat(each));
      if (right != null && left != null && right - left <= 1) return true;
      if (top != null && bottom != null && bottom - top <= 1) return true;
    }
    const path = style.clipPath;
    if (!path || path === 'none') return false;
    if (/^(circle|ellipse)\(\s*0(px|%)?\b/.test(path)) return true;
    const inset = /^inset\(([^)]*)\)/.exec(path);
    if (!inset) return /^polygon\(\s*0(px|%)? 0(px|%)?\s*(,\s*0(px|%)? 0(px|%)?\s*)*\)$/.test(path);
    const sides = inset[1].split(/\s+round\s+/)[0].trim().split(/\s+/).map((each) => each.endsWith('%') ? parseFloat(each) : 0);
    const [top, right = top, bottom = top, left = right] = sides;
    return top + bottom >= 100 || left + right >= 100;
  };

  // What of a displayed element is shown: 'all', 'none', or 'inner' where its own text is not and elements in it may be.
  const shown = (element, style, table) => {
    if (isClipped(style) || isFaded(style) || facesAway(style) || /^(url|image)/.test(style.content)) return 'none';
    const { position, overflowX, overflowY, display } = style;
    const box = element.getBoundingClientRect();
    if (display !== 'inline' && display !== 'contents') {
      if ((overflowX !== 'visible' && box.width <= 1.5) || (overflowY !== 'visible' && box.height <= 1.5)) return 'none';
      if ((box.width === 0 && element.offsetWidth > 0) || (box.height === 0 && element.offsetHeight > 0)) return 'none';
    }
    const out = position === 'absolute' || position === 'fixed';
    if (box.width > 0 && box.height > 0) {
      if (table) {
        // What stands in a cell stands in its table: anything else is moved away, or floats over it when pointed at.
        if (box.right <= table.left || box.left >= table.right || box.bottom <= table.top || box.top >= table.bottom) return 'none';
      } else {
        const [x, y] = position === 'fixed' ? [0, 0] : [scrollX, scrollY];
        if (box.right + x <= 0 || (out && box.bottom + y <= 0)) return 'none';
      }
    }
    if (iconFont.test(style.fontFamily.split(',')[0])) return 'none';
    if (parseFloat(style.fontSize) < 2 || parseFloat(style.letterSpacing) <= -parseFloat(style.fontSize) * 0.9) return 'inner';
    if (style.contentVisibility === 'hidden' || (isPaintless(style) && ![...element.childNodes].every((each) => each.nodeType === 1))) return 'inner';
    const indent = parseFloat(style.textIndent);
    if (indent < 0 ? -indent > box.width : indent > box.width && overflowX !== 'visible' && indent > 100) return display === 'inline' ? 'all' : 'inner';
    return 'all';
  };

${seenTexts}
  const isIcon = (element, name) => element.getAttribute('aria-hidden') === 'true' && (name === 'i' || /(^|[-_\s])icons?($|[-_\s])/i.test(element.getAttribute('class') || ''));

  const boxes = new Map();
  const boxOf = (table) => {
    const known = boxes.get(table);
    if (known) return known;
    const box = table.getBoundingClientRect();
    boxes.set(table, box);
    return box;
  };

  const spaceBetween = (texts) => {
    // One word twice, side by side: FF is F, for somebody who sees it.
    const isTwice = texts.length === 2 && texts[0].data.trim() === texts[1].data.trim() && /\p{L}/u.test(texts[0].data);
    const range = document.createRange();
    let last = null;
    for (const node of texts) {
      range.selectNodeContents(node);
      const lines = range.getClientRects();
      if (lines.length === 0) continue;
      const first = lines[0];
      if (last && !/\s$/.test(last.node.data) && !/^\s/.test(node.data)) {
        const height = Math.min(first.height, last.box.height);
        const below = first.top >= last.box.bottom - height * 0.3 || first.bottom <= last.box.top + height * 0.3;
        if (isTwice || below || Math.abs(first.left - last.box.right) > Math.max(first.height, last.box.height) * 0.15) {
          let start = node;
          while (start.parentNode && !start.parentNode.contains(last.node)) start = start.parentNode;
          let end = last.node;
          while (end.parentNode && !end.parentNode.contains(node)) end = end.parentNode;
          if (start.nodeType === 1) mark(start, 'gap-before');
          else if (end.nodeType === 1) mark(end, 'gap-after');
        }
      }
      last = { node, box: lines[lines.length - 1] };
    }
  };

  // A cell with several texts: those that nobody sees are marked, and it is written as it is seen where its elements stand
  // in another order.
  const look = (cell, texts) => {
    const { kept, visual } = weigh(cell, texts);
    const written = before.size + after.size > 0 && [...cell.querySelectorAll('*')].some((each) => before.has(each) || after.has(each));
    if (visual !== null && !written) {
      for (const child of cell.children) mark(child, 'none');
      mark(cell, 'inner');
      before.set(cell, (before.get(cell) || '') + visual);
      return;
    }
    for (const node of texts) {
      const parent = upFrom(node);
      if (!kept.has(node) && !texts.some((each) => kept.has(each) && upFrom(each) === parent)) mark(parent, 'inner');
    }
    spaceBetween(texts.filter((node) => kept.has(node)));
  };

  // Gives whether a text of a cell stands in the parent itself.
  const children = (parent, depth, within, hasTexts) => {
    let ownText = false;
    if (!hasTexts) for (let child = parent.firstElementChild; child; child = child.nextElementSibling) visit(child, depth + 1, within);
    else
      for (let child = parent.firstChild; child; child = child.nextSibling) {
        if (child.nodeType === 1) visit(child, depth + 1, within);
        else if (child.nodeType === 3 && !isBlank.test(child.data)) { within.texts.push(child); ownText = true; }
      }
    return ownText;
  };

  // 'within' has the table, the texts of the cell for what stands in one, and whether styles are looked at.
  const visit = (element, depth, within) => {
    elements++;
    if (elements > mostElements || depth > mostDepth) return;
    if ((elements & 127) === 0 && performance.now() > until) throw marked;
    const name = element.localName;
    if (unread.has(name)) return;
    let style = null, hidden = false;
    if (!element.checkVisibility(visible)) {
      style = getComputedStyle(element);
      if (style.display === 'none' || style.display === '' || style.visibility === 'collapse') return mark(element, 'gone');
      if (style.display !== 'contents' && (style.visibility === 'visible' || style.opacity === '0')) return mark(element, 'none');
      if (style.visibility !== 'visible') { mark(element, 'inner'); hidden = true; }
    }
    const isCell = name === 'td' || name === 'th';
    // Most elements of a table have no attributes: each question that is not asked of them counts.
    const isBare = !element.hasAttributes();
    if (!isBare && isIcon(element, name)) return mark(element, 'none');
    const looked = within.looked || name === 'bdo' || (!isBare && (tricks.test(element.getAttribute('style') || '') || element.getAttribute('hidden') === 'until-found'));
    if (looked) {
      style ??= getComputedStyle(element);
      if (!hidden) {
        const what = shown(element, style, within.table && within.texts ? boxOf(within.table) : null);
        if (what === 'none') return mark(element, 'none');
        if (what === 'inner') { mark(element, 'inner'); hidden = true; }
      }
    }
    // Text beside a shadow root is shown where a slot takes it, and that of closed details is not.
    const { shadowRoot } = element;
    const unslotted = (name === 'details' && !element.open) || (shadowRoot !== null && [...element.childNodes].some((each) => each.nodeType === 3 && !isBlank.test(each.data) && each.assignedSlot === null));
    if (unslotted && !hidden) { mark(element, 'inner'); hidden = true; }
    let inside = within;
    if (name === 'table') inside = { table: element, texts: null, looked, turned: [] };
    else if (isCell) inside = { table: within.table, texts: [], looked, turned: [] };
    else if (looked !== within.looked) inside = { table: within.table, texts: within.texts, looked, turned: within.turned };
    const { texts } = inside;
    if (texts && withText && !hidden) {
      const start = writtenText(element, '::before'), end = writtenText(element, '::after');
      if (start !== '') before.set(element, start);
      if (end !== '') after.set(element, end);
    }
    // Texts are read of cells only.
    const hasTexts = (muted) => texts !== null && !muted;
    let ownText = false;
    if (shadowRoot) {
      roots.push(shadowRoot);
      ownText = children(shadowRoot, depth, inside, hasTexts(hidden && !unslotted));
    }
    ownText = children(element, depth, inside, hasTexts(hidden)) || ownText;
    if (ownText && looked) {
      const written = style.textTransform;
      if (written !== 'none' && /^(upper|lower)case$|^capitalize$/.test(written)) mark(element, written);
      if (style.verticalAlign === 'super' && name !== 'sup') mark(element, 'raised');
    }
    if (texts && ownText && looked && isTurned(style)) inside.turned.push(element);
    if (isCell && (texts.length > 1 || inside.turned.length > 0)) look(element, texts);
  };

  const root = document.documentElement;
  if (!root) return ${table ? "{ html: '', look: null }" : "''"};
  try {
    if (document.body) visit(document.body, 1, { table: null, texts: null, turned: [], looked: withTricks || tricks.test(root.getAttribute('style') || '') });
  } catch (error) {
    if (error === marked) return null;
    throw error;
  }
  const ours = ${JSON.stringify([shownAttribute, shownBefore, shownAfter, listAttribute, partAttribute, verdictAttribute])};
  const given = [...document.querySelectorAll(ours.map((name) => '[' + name + ']').join())].flatMap((element) => ours.filter((name) => element.hasAttribute(name)).map((name) => [element, name, element.getAttribute(name)]));
  for (const [element, name] of given) element.removeAttribute(name);
  mark(root, 'page');
${table ? tableOf(table) : ''}
  for (const [element, tokens] of marks) element.setAttribute(marked, tokens.join(' '));
  for (const [element, text] of before) element.setAttribute(${JSON.stringify(shownBefore)}, text);
  for (const [element, text] of after) element.setAttribute(${JSON.stringify(shownAfter)}, text);
  const doctype = document.doctype ? '<!DOCTYPE ' + document.doctype.name + '>' : '';
  if (list) list.setAttribute(${JSON.stringify(listAttribute)}, '');
  const html = part ? part() : roots.length === 0 || !root.getHTML ? root.outerHTML
    : root.cloneNode(false).outerHTML.replace(/<\/html>$/, '') + root.getHTML({ shadowRoots: roots }) + '</html>';
  for (const [element] of marks) element.removeAttribute(marked);
  for (const [element] of before) element.removeAttribute(${JSON.stringify(shownBefore)});
  for (const [element] of after) element.removeAttribute(${JSON.stringify(shownAfter)});
  if (list) list.removeAttribute(${JSON.stringify(listAttribute)});
  for (const [element, name, value] of given) element.setAttribute(name, value);
  const whole = part ? html : doctype + html;
  return ${table ? '{ html: whole, look: looked }' : 'whole'};
})()`;

/**
 * Looks at the table: `looked` is what is known of it, `list` the element in the page, and `part` gives the rows of it that
 * are not known.
 */
const tableOf = ({ asked, known }: MarkedTable) => `
  const { tableAndRows, lookAtTable, keyOf } = ((shadowRoots) => { ${tableFunctions(asked, 'shadowRoots')} return { tableAndRows, lookAtTable, keyOf }; })(roots);
  let looked = null;
  const { table, rows } = tableAndRows();
  try { looked = lookAtTable({ table, rows }); } catch {}
${known === null ? '  list = table;' : partOf(known)}`;

const partOf = (known: readonly string[]) => `  part = () => {
    if (!table) return '';
    const known = new Set(${JSON.stringify(known)});
    const fresh = new Set(rows.filter((row) => !known.has(keyOf(row))));
    const copy = table.cloneNode(true), kept = [...table.rows].map((row) => fresh.has(row));
    [...copy.rows].forEach((row, at) => { if (!kept[at] && row.parentNode.localName === 'tbody') row.remove(); });
    copy.removeAttribute('id');
    copy.setAttribute('${partAttribute}', '');
    return copy.outerHTML;
  };`;
