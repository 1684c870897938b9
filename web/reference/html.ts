/** Small pieces of HTML, for the pages that are rendered when the dashboard is built. */

/** A paragraph of text with `code` in it. */
export function paragraph(said: string): string {
  return `<p>${inline(said)}</p>`;
}

/** Text with `code` in it. */
export function inline(said: string): string {
  return text(said).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

/** Text as HTML. */
export function text(said: string): string {
  return said.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Text as an id. */
export function slug(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}
