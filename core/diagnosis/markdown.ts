/** Secrets that may slip into a text that is not ours: keys of Quotron, and what stands for one in a URL. */
const secrets: readonly (readonly [RegExp, string])[] = [
  [/qtr_[a-z]+_[\w-]{8,}/g, '[redacted]'],
  [/([a-z][a-z0-9+.-]*:\/\/)[^/\s@]{1,200}@/gi, '$1[redacted]@'],
  [
    /\b((?:api[_-]?key|apikey|access[_-]?token|token|crumb|password|passwd|secret|session|authorization|cookie)["']?\s*[=:]\s*["']?)[^\s"'&;,]{6,}/gi,
    '$1[redacted]',
  ],
];

const shownLength = 240;

/**
 * Text of unknown origin as a Markdown code span, in which nothing is a heading, link, table, HTML or control character.
 * Line breaks, controls, and what turns or hides text become spaces or visible escapes; backticks become apostrophes.
 */
export function code(text: string, most: number = shownLength): string {
  const masked = secrets.reduce((kept, [pattern, by]) => kept.replaceAll(pattern, by), text.slice(0, 4 * most));
  const flat = masked
    .replaceAll(/\s+/gu, ' ')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
    .replaceAll('`', "'")
    .replaceAll('|', '¦')
    .trim();
  const shown = flat.length > most ? `${flat.slice(0, most - 1)}…` : flat;
  return shown === '' ? '(empty)' : `\`${shown}\``;
}

const bars = '▁▂▃▄▅▆▇█';

/** Scores of 0 to 100 as a line of bars; `·` where nothing is known. */
export function sparkline(scores: readonly (number | null)[]): string {
  return scores
    .map((score) => (score === null ? '·' : (bars[Math.min(7, Math.floor((Math.max(0, score) / 100) * 8))] ?? '·')))
    .join('');
}
