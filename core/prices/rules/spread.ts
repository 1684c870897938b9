/** How far values usually lie from each other, whatever a few wild ones do. */

/** `log(value / value before)`; NaN for the first and where one is not positive. */
export function logReturns(values: readonly number[]): Float64Array {
  const returns = new Float64Array(values.length).fill(Number.NaN);
  for (let index = 1; index < values.length; index++) {
    const [before, value] = [values[index - 1] ?? 0, values[index] ?? 0];
    // A difference of logarithms: a quotient of extremes would be 0 or infinite.
    if (before > 0 && value > 0) returns[index] = Math.log(value) - Math.log(before);
  }
  return returns;
}

/** The value below which a share of the values lies; NaN without any. NaN among them is left out. */
export function quantile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  return ofSorted(sorted, share);
}

/** Typed arrays sort NaN to the end. */
function ofSorted(all: Float64Array, share: number): number {
  let length = all.length;
  while (length > 0 && Number.isNaN(all[length - 1])) length--;
  const sorted = all.subarray(0, length);
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/** The least that a price is taken to move, and what it is taken to move when too few returns are known. */
const [leastMove, assumedMove, fewReturns] = [0.002, 0.02, 8];

/** Three quarters of normal deviates are smaller than this many standard deviations. */
const quartileOfNormal = 1.15;

/** About the standard deviation of log returns, from their third quartile: wild ones do not count. */
export function usualMove(returns: ArrayLike<number>): number {
  const sizes = sizesOf(returns);
  if (sizes.length < fewReturns) return assumedMove;
  return Math.max(leastMove, quantile(sizes, 0.75) / quartileOfNormal);
}

/** The usual move around a row, no less than in the whole series. The row's own return does not count. */
export function moveAround(series: { readonly returns: Float64Array; readonly sigma: number }, index: number): number {
  const { returns, sigma } = series;
  const near = [...returns.subarray(Math.max(0, index - 25), index), ...returns.subarray(index + 1, index + 26)];
  return Math.max(sigma, near.length < fewReturns ? 0 : usualMove(near));
}

/** What all but a few returns stay below: the size that is passed by one in twenty, or one in seven of a short series. */
export function wildMove(returns: ArrayLike<number>): number {
  const sizes = sizesOf(returns);
  // Of a few returns one that is wrong would be among the wildest.
  return sizes.length < 12 ? 0 : quantile(sizes, sizes.length >= 60 ? 0.95 : 0.85);
}

/** The logarithm of a density with heavy tails (Student's t, 4 degrees), but for a constant: 0 at the centre. */
export function logLikelihood(deviation: number, scale: number): number {
  const z = deviation / scale;
  return -2.5 * Math.log1p((z * z) / 4);
}

function sizesOf(returns: ArrayLike<number>): Float64Array {
  const sizes = new Float64Array(returns.length);
  let count = 0;
  for (let index = 0; index < returns.length; index++) {
    const value = returns[index] ?? Number.NaN;
    if (!Number.isNaN(value)) sizes[count++] = Math.abs(value);
  }
  return sizes.subarray(0, count);
}
