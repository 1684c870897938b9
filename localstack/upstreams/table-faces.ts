/**
 * The faces that pages give to one and the same table. A person sees the same with all of them, in a window of a usual
 * width.
 */

/** Styles of the faces below. */
export const faceStyles = `<style>
.narrow { display: none }
@media (max-width: 700px) { .wide { display: none } .narrow { display: inline } }
.for-ears { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip: rect(0, 0, 0, 0); white-space: nowrap }
.tip { position: absolute; visibility: hidden }
</style>`;

/** A cell's text once for wide and once for narrow screens; other cells in other ways. */
export function doubledCell(text: string, column: number): string {
  switch (column % 4) {
    case 0:
      return `<span class="wide">${text}</span><span class="narrow">${text}</span>`;
    case 1:
      return `<span aria-hidden="true">${text}</span><span class="for-ears">${text}</span>`;
    case 2:
      return `<span class="wide">${text}</span><b hidden>${text}</b><i class="icon-info" aria-hidden="true">info</i>`;
    default:
      return `${text}<span class="tip">${text} of the day</span>`;
  }
}

/** Two rows of headings: all but some reach over both, and those have a heading together. */
export function twoHeadRows(heads: readonly string[], together: string, from: number): string {
  const upper = heads.flatMap((head, at) => {
    if (at < from) return [`<th rowspan="2">${head}</th>`];
    return at === from ? [`<th colspan="${heads.length - from}">${together}</th>`] : [];
  });
  const lower = heads.slice(from).map((head) => `<th>${head}</th>`);
  return `<tr>${upper.join('')}</tr><tr>${lower.join('')}</tr>`;
}

/** One row of headings. */
export function headRow(heads: readonly string[]): string {
  return `<tr>${heads.map((head) => `<th scope="col" class="text-nowrap">${head}</th>`).join('')}</tr>`;
}
