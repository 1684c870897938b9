/** An instant for people: `2026-11-22 19:40 UTC`. */
export function minute(at: number | string): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
