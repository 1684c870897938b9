/**
 * Functions for a script in a page that look at the texts of one cell where it has several: which of them a person sees, and in
 * which order. What hides a text is looked for only here, where one cell may say a thing twice.
 *
 * `weigh(cell, texts)` gives the texts that are seen, in the order of the page, and `visual` where that is not the order in
 * which they are seen, or where one element has both seen and unseen ones: the cell as it is seen.
 */
export const seenTexts = String.raw`
  const alphaOf = (color) => {
    const [, legacy, modern] = /^rgba\([^)]*,\s*([\d.]+)\)$|\/\s*([\d.]+%?)\s*\)$/.exec(color) || [];
    const alpha = legacy || modern;
    return alpha === undefined ? 1 : parseFloat(alpha) / (alpha.endsWith('%') ? 100 : 1);
  };
  const isPaintless = (style) => alphaOf(style.webkitTextFillColor || style.color) < 0.1 && style.textShadow === 'none' && !(parseFloat(style.webkitTextStrokeWidth) > 0) && !/text/.test(style.webkitBackgroundClip || '');
  // An effect that leaves nothing of an element, or nearly nothing.
  const isFaded = (style) => style.opacity < 0.05 || /opacity\(0(\.0\d*)?%?\)/.test(style.filter) || isMasked(style.maskImage || style.webkitMaskImage);
  const isMasked = (mask) => {
    if (!mask || !/gradient/.test(mask)) return false;
    const colors = mask.match(/rgba?\([^)]*\)|color\([^)]*\)|\btransparent\b/g) || [];
    return colors.length > 0 && colors.every((each) => each === 'transparent' || alphaOf(each) < 0.05);
  };
  const facesAway = (style) => style.backfaceVisibility === 'hidden' && /^matrix3d\((?:[^,]+,){10}\s*-/.test(style.transform);

  const cut = (a, b) => ({ left: Math.max(a.left, b.left), right: Math.min(a.right, b.right), top: Math.max(a.top, b.top), bottom: Math.min(a.bottom, b.bottom) });
  const insetOf = (path, box) => {
    const inset = /^inset\(([^)]*)\)/.exec(path);
    if (!inset) return /^path\("[Mm\s0.,Zz]*"\)$/.test(path) ? { left: 0, right: 0, top: 0, bottom: 0 } : box;
    const sides = inset[1].split(/\s+round\s+/)[0].trim().split(/\s+/);
    const length = (text, whole) => parseFloat(text) * (text.endsWith('%') ? whole / 100 : 1) || 0;
    const [top, right = top, bottom = top, left = right] = sides;
    const [width, height] = [box.right - box.left, box.bottom - box.top];
    return { left: box.left + length(left, width), right: box.right - length(right, width), top: box.top + length(top, height), bottom: box.bottom - length(bottom, height) };
  };

  const upFrom = (node) => node.parentElement || (node.parentNode && node.parentNode.host) || null;
  // What of a text is seen of itself: its boxes after everything that cuts them, or null.
  const seenOf = (node, cell, styleOf) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    let boxes = [...range.getClientRects()].filter((box) => box.height >= 4);
    const own = styleOf(upFrom(node));
    let behind = 0, paintless = isPaintless(own), opaque = false, leaves = null;
    for (let each = upFrom(node); each; each = each === cell ? null : upFrom(each)) {
      const style = styleOf(each);
      if (isFaded(style) || facesAway(style)) return null;
      if (/text/.test(style.webkitBackgroundClip || '')) paintless = false;
      if (style.zIndex < 0 && style.position !== 'static') behind = -1;
      else if (behind === 0 && each !== cell && style.position !== 'static') behind = style.zIndex > 0 ? 2 : 1;
      if (each !== cell && alphaOf(style.backgroundColor) > 0.9) opaque = true;
      const positioned = style.position !== 'static' || style.transform !== 'none';
      const cuts = leaves === null || (leaves === 'absolute' && positioned);
      const box = each.getBoundingClientRect();
      if (style.clipPath !== 'none') boxes = boxes.map((every) => cut(every, insetOf(style.clipPath, box)));
      if (cuts && style.display !== 'inline') {
        if (/hidden|clip/.test(style.overflowX)) boxes = boxes.map((every) => cut(every, { ...edges, left: box.left, right: box.right }));
        if (/hidden|clip/.test(style.overflowY)) boxes = boxes.map((every) => cut(every, { ...edges, top: box.top, bottom: box.bottom }));
      }
      if (leaves === 'absolute' && positioned) leaves = null;
      if (style.position === 'absolute' || style.position === 'fixed') leaves = style.position;
    }
    if (paintless) return null;
    const whole = range.getClientRects()[0];
    const line = whole ? whole.height : 0;
    boxes = boxes.filter((box) => box.right - box.left > 1 && box.bottom - box.top > line * 0.4);
    return boxes.length === 0 ? null : { node, boxes, behind, opaque, color: own.webkitTextFillColor || own.color };
  };
  const edges = { left: -1e6, right: 1e6, top: -1e6, bottom: 1e6 };

  const area = (box) => Math.max(0, box.right - box.left) * Math.max(0, box.bottom - box.top);
  const overlap = (a, b) => {
    let most = 0;
    for (const one of a.boxes) for (const other of b.boxes) most = Math.max(most, area(cut(one, other)) / Math.min(area(one), area(other)));
    return most;
  };
  // Of texts over each other, the one below is covered where the other has a ground of its own; the same text twice is one.
  const uncovered = (seen) => {
    const covered = new Set();
    for (const [at, a] of seen.entries())
      for (const b of seen.slice(at + 1)) {
        if (covered.has(a) || covered.has(b) || overlap(a, b) < 0.6) continue;
        const [low, high] = a.behind > b.behind ? [b, a] : [a, b];
        if (high.opaque || low.behind < 0 || a.node.data.trim() === b.node.data.trim()) covered.add(low);
      }
    return seen.filter((each) => !covered.has(each));
  };

  const groundOf = (node, styleOf) => {
    for (let each = upFrom(node); each; each = upFrom(each)) {
      const style = styleOf(each);
      if (style.backgroundImage !== 'none') return null;
      const alpha = alphaOf(style.backgroundColor);
      if (alpha > 0.9) return style.backgroundColor;
      if (alpha > 0) return null;
    }
    return 'rgb(255, 255, 255)';
  };
  // Text in the colour of its ground, where other text of the cell is in another.
  const inColour = (seen, styleOf) => {
    if (new Set(seen.map((each) => each.color)).size < 2) return seen;
    const rest = seen.filter((each) => each.color !== groundOf(each.node, styleOf));
    return rest.length === 0 ? seen : rest;
  };

  const isTurned = (style) => style.direction === 'rtl' && /override/.test(style.unicodeBidi);
  const rightToLeft = /[\u0590-\u08ff]/;
  const sameLine = (a, b) => Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > Math.min(a.bottom - a.top, b.bottom - b.top) * 0.5;
  const first = (each) => each.boxes[0];
  const last = (each) => each.boxes[each.boxes.length - 1];
  const visualOf = (seen, styleOf) => {
    const ordered = [...seen].sort((a, b) => sameLine(first(a), first(b)) ? first(a).left - first(b).left : first(a).top - first(b).top);
    let text = '', before = null;
    for (const each of ordered) {
      const words = isTurned(styleOf(upFrom(each.node))) ? [...each.node.data].reverse().join('') : each.node.data;
      if (before && (!sameLine(last(before), first(each)) || first(each).left - last(before).right > (first(each).bottom - first(each).top) * 0.15)) text += ' ';
      text += words;
      before = each;
    }
    return text;
  };

  const weigh = (cell, texts) => {
    const styles = new Map();
    const styleOf = (element) => {
      let style = styles.get(element);
      if (!style) { style = getComputedStyle(element); styles.set(element, style); }
      return style;
    };
    const found = [];
    for (const node of texts.slice(0, 40)) { const each = seenOf(node, cell, styleOf); if (each) found.push(each); }
    const seen = inColour(uncovered(found), styleOf);
    const kept = new Set(seen.map((each) => each.node));
    const mixed = texts.some((node) => !kept.has(node) && texts.some((other) => other !== node && kept.has(other) && upFrom(other) === upFrom(node)));
    const turned = seen.some((each) => isTurned(styleOf(upFrom(each.node))));
    const disordered = seen.some((each, at) => at > 0 && sameLine(first(seen[at - 1]), first(each)) && first(each).left < first(seen[at - 1]).left - 1);
    const plain = !seen.some((each) => rightToLeft.test(each.node.data)) && texts.length <= 40;
    return { kept, visual: plain && (mixed || turned || disordered) ? visualOf(seen, styleOf) : null };
  };
`;
