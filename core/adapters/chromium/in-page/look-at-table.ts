/**
 * Functions for scripts in a page that look at the table of the data: how many rows it has, what it says itself of how
 * many there are, and what leads to more of them. Of several tables that match, the one with the most displayed rows.
 */

export interface TableQuestion {
  /** A CSS selector. */
  readonly selector: string;
  /** An attribute of the table that has the number of its rows. */
  readonly countAttribute?: string | undefined;
  /** Origins whose scripts run. */
  readonly origins: readonly string[];
}

/**
 * Defines `theTable()`, `lookAtTable()` and `control(name)` for the rest of a script. `roots` is the name of its list of the
 * shadow roots of the page, where it has walked through all of it; otherwise they are looked for, at most five times a second.
 */
export const tableFunctions = (asked: TableQuestion, roots: string | null = null) => String.raw`
  const asked = ${JSON.stringify(asked)};
  const isShown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const rootsIn = (root, found = [], depth = 0) => {
    if (depth < 5) for (const { shadowRoot } of root.querySelectorAll('*')) if (shadowRoot) { found.push(shadowRoot); rootsIn(shadowRoot, found, depth + 1); }
    return found;
  };
  let roots = ${roots}, rootsAt = 0;
  const everywhere = (selector) => {
    if (${roots === null} && (roots === null || performance.now() - rootsAt > 200)) { roots = rootsIn(document); rootsAt = performance.now(); }
    return [document, ...roots].flatMap((root) => [...root.querySelectorAll(selector)]);
  };
  const isDataRow = (row) => {
    const { cells } = row;
    if (row.parentNode.localName !== 'tbody' || cells.length === 0 || (cells.length === 1 && cells[0].colSpan > 1)) return false;
    for (let at = 0; at < cells.length; at++) if (cells[at].localName !== 'th') return isShown(row);
    return false;
  };
  const rowsOf = (table) => [...table.rows].filter(isDataRow);
  const tableAndRows = () => {
    let best = { table: null, rows: [] }, most = -1;
    for (const table of everywhere(asked.selector)) {
      if (table.localName !== 'table' || !table.rows) continue;
      const rows = rowsOf(table);
      if (rows.length > most && isShown(table)) { best = { table, rows }; most = rows.length; }
    }
    return best;
  };
  const theTable = () => tableAndRows().table;
  // Letters stay when prices move.
  const keyOf = (row) => { const text = row.textContent.slice(0, 2000); return text.replace(/[^\p{L}]+/gu, '') || text.replace(/\s+/g, ' '); };

  const units = '(?:results|entries|records|rows|items|members|holdings|constituents|components|companies|stocks|symbols|positions|securities|shares|issuers|tickers|funds)';
  const number = (text) => Number(text.replace(/[,.'\s]/g, ''));
  const figure = '(\\d{1,3}(?:[,.\'\\s]\\d{3})+|\\d+)';
  // What pages of other languages write between the numbers, too.
  const upTo = '(?:to|through|bis|\\u00e0|al?|hasta|at\\u00e9|tot(?: en met)?|till|til|do|\\u0434\\u043e|\\u304b\\u3089|\\u81f3|\\u5230|[-\\u2013\\u2014~\\uff5e])';
  const among = '(?:of|out of|von|sur|de|di|van|av|af|z|\\u0438\\u0437)';
  const things = '(?:\\s*(?:\\u4ef6|\\u6761|\\u689d|rows|entries|results))?';
  const ofRows = new RegExp('(?<![\\d.,/-])' + figure + '\\s*' + upTo + '\\s*' + figure + things + '\\s*(?:' + among + '|/|\\uff0f|\\()\\s*' + figure, 'gi');
  const rowsOfAll = new RegExp('(?<![\\d.,/-])' + figure + '\\s*(?:\\u4ef6\\u4e2d|\\u6761\\u4e2d|(?:' + units + ')?[:,;]?\\s*(?:showing|viewing|displaying|shown))\\s*' + figure + '\\s*' + upTo + '\\s*' + figure, 'gi');
  const ofAll = new RegExp('(?<!(?:page|step|slide|part|day|week)\\s*)(?<![\\d.,/-])' + figure + '\\s*(?:' + among + '\\s*(?:the\\s*)?' + figure + '(?![\\d.,/-]*\\d|\\s*%)|/\\s*' + figure + '\\s+' + units + '\\b)', 'gi');
  const inAll = new RegExp('\\btotal(?: of)?:?\\s*' + figure + '(?![\\d.,]*\\d|\\s*%)|(?<![\\d.,/$-])' + figure + '\\s+(?:(?:results|entries|records|rows|items|members|holdings|constituents|components)\\b|(?:' + units + '\\s+)?(?:in )?total\\b)|\\b(?:all|full list of|complete list of)\\s+' + figure + '\\s+' + units + '\\b', 'gi');
  const ofPages = new RegExp('\\bpage\\s*' + figure + '\\s*(?:of|/)\\s*' + figure, 'gi');

  // What stands around a table, and not in it: from the nearest element on.
  const around = function* (table) {
    let parent = table.parentNode;
    for (let up = 0; parent && up < 6; up++) {
      const element = parent.host || parent;
      if (!element.querySelectorAll) return;
      yield element;
      if (element === document.body || element === document.documentElement) return;
      parent = element.parentNode;
    }
  };
  const readOutside = (element, table) => {
    const texts = [];
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) => {
      if (node.nodeType === 3) return NodeFilter.FILTER_ACCEPT;
      if (node === table || /^(script|style|template|noscript|tbody|select)$/.test(node.localName) || !isShown(node)) return NodeFilter.FILTER_REJECT;
      return NodeFilter.FILTER_SKIP;
    });
    let length = 0;
    while (walker.nextNode() && length < 20000) { texts.push(walker.currentNode.data); length += walker.currentNode.data.length; }
    return (table.caption ? table.caption.textContent + ' ' : '') + (table.tFoot ? table.tFoot.textContent + ' ' : '') + texts.join(' ');
  };
  // Read once for each look: the text of a page is searched for several kinds of count.
  let outside = new Map();
  const textOutside = (element, table) => {
    const known = outside.get(element);
    if (known !== undefined) return known;
    const text = readOutside(element, table);
    outside.set(element, text);
    return text;
  };
  // Fewer rows may be as many as something else has.
  const leastOfAll = 8;
  // How many rows there are, as the table or the text around it says; null where nothing does.
  const saidOf = (table, count) => {
    const said = [];
    const attribute = asked.countAttribute ? table.getAttribute(asked.countAttribute) : null;
    if (attribute !== null && /^\d+$/.test(attribute)) said.push(Number(attribute));
    const all = Number(table.getAttribute('aria-rowcount'));
    const heads = table.tHead ? table.tHead.rows.length : 0;
    if (all > 0) said.push(all > heads ? all - heads : all);
    for (const element of around(table))
      for (const [, from, to, of] of textOutside(element, table).matchAll(ofRows))
        if (number(to) - number(from) + 1 === count && number(of) >= number(to)) said.push(number(of));
    for (const element of around(table))
      for (const [, of, from, to] of textOutside(element, table).matchAll(rowsOfAll))
        if (number(to) - number(from) + 1 === count && number(of) >= number(to)) said.push(number(of));
    for (const element of around(table))
      for (const [, part, a, b] of textOutside(element, table).matchAll(ofAll))
        if (count >= leastOfAll && number(part) === count && number(a || b) >= count) said.push(number(a || b));
    // A bare number is believed beside the table only, where all is about it.
    let branch = table;
    for (const element of around(table)) {
      if (element === document.body || element === document.documentElement) break;
      branch = element;
      if (element.parentElement && element.parentElement !== document.body) break;
    }
    for (const beside of [branch.previousElementSibling, branch.nextElementSibling, table.previousElementSibling, table.nextElementSibling, table.caption])
      if (beside && !beside.contains(table) && isShown(beside) && beside.textContent.length < 200 && beside.querySelector('table') === null)
        for (const [, ...found] of textOutside(beside, table).matchAll(inAll)) { const all = number(found.find((each) => each !== undefined) || '0'); if (all > count) said.push(all); }
    return said.length > 0 ? Math.max(...said) : null;
  };
  const pagesOf = (table) => {
    for (const element of around(table)) {
      const [, at, of] = [...textOutside(element, table).matchAll(ofPages)][0] || [];
      if (of !== undefined && number(at) <= number(of)) return { at: number(at), of: number(of) };
    }
    return null;
  };

  const nextWords = /^((go to )?(the )?next( page)?|next \d+|weiter|n\u00e4chste( seite)?|(page )?suivante?|(p\u00e1gina )?siguiente|(p\u00e1gina )?(pr\u00f3xim|seguint)[aoe]?|(pagina )?successiv[ao]|avanti|volgende( pagina)?|n\u00e4sta( sida)?|n\u00e6ste( side)?|nast\u0119pna( strona)?|dalej|\u0441\u043b\u0435\u0434\u0443\u044e\u0449\S*|\u0434\u0430\u043b\u0435\u0435|\u6b21\u3078|\u6b21\u306e\u30da\u30fc\u30b8|\u4e0b\u4e00[\u9875\u9801]|\ub2e4\uc74c|older|\u203a|\u00bb|>|>>|\u2192|\u25b6|\u276f)$/i;
  const allWords = /^(show|view|see|display|load|open|get)\s+(all|everything)(\s+\S+){0,3}$|^all$|^(show|view|see|display|load|open|get)?\s*(the\s+)?(full|complete|entire|whole)\s+(list|table|index|data|view|listing)$|^expand(\s+(all|the table|table|list|the list|rows|view))?$|^alle (anzeigen|zeigen)$|^(tout afficher|tout voir|afficher tout|voir tout)$|^(ver|mostrar) tod[oa]s?$|^(mostra|vedi) tutt[io]$|^(ver|mostrar) tudo$|^all(e|es) (tonen|weergeven)$|^\u67e5\u770b\u5168\u90e8$|^\u3059\u3079\u3066(\u3092)?\u8868\u793a$/i;
  const moreWords = /^(show|view|see|load)\s+(\d+\s+)?more(\s+\S+){0,3}\s*[\u2026.]*$|^(load|show)\s+(the\s+)?next(\s+\S+){0,2}$|^more\s*[\u2026.]*$|^(weitere|mehr)(\s+\S+)? (anzeigen|laden)$|^mehr$|^(afficher|voir|charger) (plus|la suite)(\s+\S+){0,2}$|^(ver|cargar|mostrar|carregar) m(\u00e1s|ais)(\s+\S+){0,2}$|^(mostra|carica|vedi) altr[io]$|^(meer (laden|tonen)|toon meer|laad meer)$|^(visa|ladda) (fler|mer)$|^\u043f\u043e\u043a\u0430\u0437\u0430\u0442\u044c \u0435\u0449[\u0451\u0435]$|^\u3082\u3063\u3068\u898b\u308b$|^(\u52a0\u8f7d|\u67e5\u770b|\u663e\u793a)\u66f4\u591a$/i;
  const wordsOf = (element) => [element.getAttribute('aria-label'), element.getAttribute('title'), ...[...element.querySelectorAll('img[alt], svg > title')].slice(0, 3).map((each) => each.getAttribute('alt') || each.textContent), element.textContent.slice(0, 60).replace(/\s+/g, ' ').trim().replace(/^(.*\p{L}.*?)\s*[\u203a\u00bb>\u2192\u25b6\u276f\u25bc\u25be\u2304+]+$/u, '$1')].filter((each) => each);
  const isOff = (element) => element.disabled === true || element.closest('[aria-disabled="true"], .disabled, [disabled]') !== null || !isShown(element);
  const isHere = (element) => {
    const href = element.getAttribute('href');
    if (element.localName !== 'a' || href === null || href === '' || href.startsWith('#') || /^javascript:/i.test(href)) return true;
    const to = new URL(href, document.baseURI), page = /\/(page[/-])?\d+\/?$|\/+$/i;
    return to.origin === location.origin && to.pathname.replace(page, '') === location.pathname.replace(page, '');
  };
  const controls = 'a, button, [role="button"], [role="link"], li[class*="next"]';
  const branchOf = (parent, element) => {
    let branch = element;
    while (branch && branch.parentNode !== parent) branch = branch.parentNode || branch.host;
    return branch;
  };
  const isNear = (parent, table, element) => {
    const all = [...parent.children], one = all.indexOf(branchOf(parent, table)), other = all.indexOf(branchOf(parent, element));
    if (one === -1 || other === -1 || Math.abs(one - other) > 3 || element.closest('header, footer') !== null) return false;
    const nav = element.closest('nav');
    return nav === null || (Math.abs(one - other) <= 2 && nav.querySelectorAll('a, button').length <= 15);
  };
  // What can be used around a table, from the nearest element on. Rows have a thousand links: they are passed over.
  const usable = new Map();
  const usableAround = (table) => {
    const known = usable.get(table);
    if (known) return known;
    const found = [];
    let within = table;
    for (const element of around(table)) {
      const all = [];
      for (const child of element.children) {
        if (child.contains(within)) continue;
        if (child.matches(controls)) all.push(child);
        all.push(...child.querySelectorAll(controls));
      }
      if (within === table) for (const part of [table.caption, table.tHead, table.tFoot]) if (part) all.push(...part.querySelectorAll(controls));
      found.push([element, all]);
      within = element;
    }
    usable.set(table, found);
    return found;
  };
  const inRegion = (table, matches) => {
    for (const [element, all] of usableAround(table)) {
      const wide = element === document.body || element === document.documentElement || element.localName === 'main';
      for (const each of all) {
        // Far from the table, only what belongs to a pager.
        if (wide && !isNear(element, table, each) && each.closest('[class*="pag" i], [aria-label*="pag" i], [rel~="next"]') === null) continue;
        if (matches(each) && !isOff(each) && isHere(each)) return each;
      }
    }
    return null;
  };
  // The number after the one that is marked as the page one is at: in a row of numbers, or in a select.
  const isCurrent = (element) => [element, element.parentElement].some((each) => each && (each.hasAttribute('aria-current') || each.getAttribute('aria-selected') === 'true' || /(^|[-_\s])(active|current|selected)($|[-_\s])/i.test(each.getAttribute('class') || '')));
  const numberOf = (element) => { const text = element.textContent.trim(); return /^\d{1,3}$/.test(text) ? Number(text) : null; };
  const nextNumber = (table) => {
    for (const [, all] of usableAround(table)) {
      const numbers = all.filter((each) => numberOf(each) !== null && (isCurrent(each) || isHere(each)));
      const lists = new Map();
      for (const each of numbers) {
        const list = each.closest('ul, ol, nav, [class*="pag" i]') || each.parentElement;
        lists.set(list, [...(lists.get(list) || []), each]);
      }
      for (const [list, members] of lists) {
        if (!list || list.contains(table)) continue;
        const here = members.find(isCurrent) || [...list.querySelectorAll('span, strong, b, em')].find((each) => numberOf(each) !== null && each.closest('a, button') === null);
        if (!here || !(members.length > 1 || !members.includes(here))) continue;
        const next = members.find((each) => each !== here && numberOf(each) === numberOf(here) + 1 && isShown(each) && each.disabled !== true);
        if (next) return next;
      }
    }
    return null;
  };
  const nextOption = (table) => {
    for (const element of around(table))
      for (const select of element.querySelectorAll('select')) {
        const options = [...select.options];
        const isPages = options.length > 1 && options.length <= 60 && options.every((each, at) => /^(page )?\d+( of \d+)?$/i.test(each.text.trim()) && parseInt(each.text.replace(/\D*/, ''), 10) === at + 1);
        if (isPages && !isOff(select) && select.selectedIndex + 1 < options.length) return options[select.selectedIndex + 1];
      }
    return null;
  };
  const control = (name, table) => {
    if (name === 'next') return named(table) || nextNumber(table) || nextOption(table);
    return others(name, table);
  };
  const named = (table) => inRegion(table, (each) => (each.rel && each.relList.contains('next')) || wordsOf(each).some((words) => nextWords.test(words)) || /(^|[-_\s])next($|[-_\s])/i.test(each.getAttribute('class') || ''));
  const others = (name, table) => {
    if (name === 'more') return inRegion(table, (each) => wordsOf(each).some((words) => moreWords.test(words)));
    for (const element of around(table))
      for (const select of element.querySelectorAll('select')) {
        const option = [...select.options].find((each) => /^all$/i.test(each.text.trim()) || each.value === '-1');
        if (option && !isOff(select) && select.options.length <= 12 && [...select.options].every((each) => each === option || /\d/.test(each.text))) return option.selected ? null : option;
        // Without "all", the most there is: 10, 25, 100 rows a page.
        const sizes = [...select.options].map((each) => /^\d+( (rows|entries|per page|results|items))?$/i.test(each.text.trim()) ? parseInt(each.text, 10) : NaN);
        const largest = Math.max(...sizes);
        if (!isOff(select) && sizes.length > 1 && sizes.length <= 12 && sizes.every((each) => each >= 5) && sizes.every((each, at) => at === 0 || each > sizes[at - 1]))
          return sizes.indexOf(largest) === select.selectedIndex ? null : select.options[sizes.indexOf(largest)];
      }
    return inRegion(table, (each) => wordsOf(each).some((words) => allWords.test(words)));
  };

  const isScripted = () => [...document.scripts].some((script) => {
    if (!/^(module|(text|application)\/(x-)?(java|ecma)script|)$/i.test(script.type.split(';')[0].trim())) return false;
    if (script.src === '') return script.text.trim() !== '';
    return URL.canParse(script.src) && asked.origins.includes(new URL(script.src).origin);
  });
  const scrollerOf = (table) => {
    let box = table.parentElement;
    while (box && !(/auto|scroll/.test(getComputedStyle(box).overflowY) && box.scrollHeight > box.clientHeight + 1)) box = box.parentElement;
    return box || document.scrollingElement;
  };
  // A sign in or beside the table that rows are still to come: a text that says so, or only a picture that turns.
  const loadingOf = (table) => {
    if (table.getAttribute('aria-busy') === 'true' || (table.tBodies[0] && table.tBodies[0].getAttribute('aria-busy') === 'true')) return 'said';
    let sign = null;
    const beside = [table.previousElementSibling, table.nextElementSibling, table.tFoot, table.parentElement && table.parentElement !== document.body ? table.parentElement.nextElementSibling : null];
    for (const each of beside) {
      if (!each || each.contains(table) || !isShown(each) || each.textContent.length > 200) continue;
      if (/\b(loading|fetching)\b.{0,20}(\u2026|\.\.\.)|^\s*loading\b/i.test(each.textContent)) return 'said';
      if (/spinner|skeleton|shimmer|(^|[-_\s])load(ing|er)($|[-_\s])/i.test(each.getAttribute('class') || '') && each.getBoundingClientRect().height > 0) sign = 'shown';
    }
    const last = table.tBodies[0] && table.tBodies[0].rows[table.tBodies[0].rows.length - 1];
    if (last && isShown(last) && last.textContent.length < 60 && /\b(loading|fetching)\b/i.test(last.textContent)) return 'said';
    return sign;
  };
  // What leads to another document asks the source once more.
  const isLink = (element) => {
    const link = element && element.closest('a[href]');
    return link !== null && link !== undefined && !/^(#|javascript:)/i.test(link.getAttribute('href')) && link.getAttribute('href') !== '';
  };
  const lookAtTable = ({ table, rows } = tableAndRows()) => {
    if (!table) return null;
    outside = new Map();
    const found = ['all', 'next', 'more'].map((name) => [name, control(name, table)]).filter(([, each]) => each !== null);
    return { keys: rows.map(keyOf), said: saidOf(table, rows.length), pages: pagesOf(table), ways: found.map(([name]) => name), links: found.filter(([, each]) => isLink(each)).map(([name]) => name), scripted: isScripted(), loading: loadingOf(table) };
  };
`;
