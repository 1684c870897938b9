/** How a badge is coloured. White text on each has a contrast of 4.5 at least. */
export const badgeColours = { good: '#2a7d46', fair: '#8a6100', bad: '#b3261e', none: '#5f6368' } as const;

const characterWidth = 6.6;
const padding = 6;

/** An SVG badge: what it is about, and what is so. Texts may be anything. */
export function badge(about: string, says: string, colour: keyof typeof badgeColours): string {
  const [left, right] = [about, says].map((text) => Math.ceil(text.length * characterWidth) + 2 * padding);
  if (left === undefined || right === undefined) throw new Error('A badge has two texts.');
  const text = (x: number, width: number, said: string) =>
    `<text x="${x + padding}" y="14" textLength="${width - 2 * padding}" lengthAdjust="spacingAndGlyphs">${escaped(said)}</text>`;
  const title = escaped(`${about}: ${says}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" aria-label="${title}"><title>${title}</title><rect width="${left + right}" height="20" rx="3" fill="#3c4043"/><path d="M${left} 0h${right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-${right - 3}z" fill="${badgeColours[colour]}"/><g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">${text(0, left, about)}${text(left, right, says)}</g></svg>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
