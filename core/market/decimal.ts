import { Decimal } from 'decimal.js';

/**
 * A number as text: an optional minus, digits, and an optional fraction (`-12.7950`). Never exponent notation, never
 * `NaN` or an infinity. Prices and volumes travel as `DecimalText` from the parser to Postgres `numeric` and back, so
 * that no binary fraction is ever rounded on the way.
 */
export type DecimalText = string;

const plainDecimal = /^-?\d+(\.\d+)?$/;

Decimal.set({ precision: 40, toExpNeg: -1e9, toExpPos: 1e9 });

/**
 * The decimal that a JSON number stands for.
 *
 * Gives the shortest text that reads back as the same double. Where the double is exactly a 32-bit float (Yahoo's
 * charts widen float32 to double: 129.0399932861328 is 129.04), gives the shortest text that reads back as the same
 * float32. Integers are exact as they are: a volume of 27909466112 happens to be a float32 and must not lose digits.
 *
 * Gives `null` for what is not a finite number.
 *
 * @example
 * decimalFromNumber(129.0399932861328) // '129.04'
 * decimalFromNumber(1e-7) // '0.0000001'
 * decimalFromNumber(Number.NaN) // null
 */
export function decimalFromNumber(value: number): DecimalText | null {
  if (!Number.isFinite(value)) return null;
  if (Number.isInteger(value) || Math.fround(value) !== value) return plainText(value);
  const ordinary = fewestDecimals(value);
  if (ordinary !== null) return ordinary;
  for (let digits = 1; digits <= 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return plainText(Number(text));
  }
  return plainText(value);
}

/** From here on, a float32 needs no more decimals than there are powers. */
const leastOrdinary = 1e-3;
const powersOfTen = [1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11];

/**
 * The fewest decimals that read back as the same float32, for one that is no integer; `null` for tiny ones. The products
 * are exact, since 24 binary digits and those of a power of five have room in a double. Most prices take this way: it costs a
 * tenth of printing and reading.
 */
function fewestDecimals(value: number): DecimalText | null {
  const size = Math.abs(value);
  if (size < leastOrdinary) return null;
  let decimals = 0;
  for (const power of powersOfTen) {
    decimals++;
    const whole = Math.round(size * power);
    if (Math.fround(whole / power) !== size) continue;
    const digits = String(whole).padStart(decimals + 1, '0');
    const point = digits.length - decimals;
    return `${value < 0 ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
  }
  return null;
}

function plainText(value: number): DecimalText {
  const text = Object.is(value, -0) ? '0' : String(value);
  return text.includes('e') ? new Decimal(text).toFixed() : text;
}

/**
 * The decimal in a text (`"1,234.50"` is not one), or `null`. A leading plus and surrounding spaces are accepted.
 *
 * @example
 * decimalFromText(' +12.50 ') // '12.50'
 * decimalFromText('1,234.50') // null
 * decimalFromText('1e3') // null
 */
export function decimalFromText(text: string): DecimalText | null {
  const trimmed = text.trim().replace(/^\+/, '');
  return plainDecimal.test(trimmed) ? trimmed : null;
}

/** `value / divisor` exactly enough for a price: 40 significant digits. Used for minor units (pence to pounds). */
export function divide(value: DecimalText, divisor: number): DecimalText {
  return divisor === 1 ? value : new Decimal(value).div(divisor).toFixed();
}

/** `a + b`. */
export function add(a: DecimalText, b: DecimalText): DecimalText {
  return new Decimal(a).add(b).toFixed();
}

/** `a - b`. */
export function subtract(a: DecimalText, b: DecimalText): DecimalText {
  return new Decimal(a).sub(b).toFixed();
}

/** Whether a decimal is greater than another. */
export function isAbove(a: DecimalText, b: DecimalText): boolean {
  return new Decimal(a).gt(b);
}

/** The exact product. */
export function multiply(...factors: readonly DecimalText[]): DecimalText {
  return factors.reduce((product, factor) => product.mul(factor), new Decimal(1)).toString();
}

/** The exact sum; what is `null` counts nothing. */
export function sumOf(decimals: readonly (DecimalText | null)[]): DecimalText {
  const places = Math.max(0, ...new Set(decimals.map((each) => (each === null ? 0 : decimalsOf(each)))));
  let sum = 0n;
  for (const each of decimals) {
    if (each === null) continue;
    const [whole = '', digits = ''] = each.split('.');
    sum += BigInt(whole + digits.padEnd(places, '0'));
  }
  const text = String(sum < 0n ? -sum : sum).padStart(places + 1, '0');
  const end = text.length - places;
  return `${sum < 0n ? '-' : ''}${text.slice(0, end)}${places === 0 ? '' : `.${text.slice(end)}`}`;
}

/**
 * `a - b` with as many decimals as the longer of both, as the database writes it.
 *
 * @example
 * difference('12.50', '12') // '0.50'
 */
export function difference(a: DecimalText, b: DecimalText): DecimalText {
  const decimals = Math.max(decimalsOf(a), decimalsOf(b));
  return new Decimal(a).sub(b).toFixed(decimals);
}

/**
 * `a / b` to ten decimals, as the database rounds fractions; `null` when `b` is zero.
 *
 * @example
 * fraction('3.07', '241.53') // '0.0127106364'
 * fraction('1', '0') // null
 */
export function fraction(a: DecimalText, b: DecimalText): DecimalText | null {
  const [dividend, divisor] = [new Decimal(a), new Decimal(b)];
  if (divisor.isZero()) return null;
  if (dividend.isZero()) return '0';
  // The database rounds twice: what `/` gives, and that to ten decimals.
  const decimals = Math.max(quotientDecimals(dividend, divisor), decimalsOf(a), decimalsOf(b), 0);
  return dividend.div(divisor).toDecimalPlaces(decimals).toDecimalPlaces(10).toFixed();
}

/** Decimals of a quotient in Postgres, which counts in digits of 10,000 and wants sixteen significant decimal ones. */
function quotientDecimals(dividend: Decimal, divisor: Decimal): number {
  const [a, b] = [leadingDigit(dividend), leadingDigit(divisor)];
  return 16 - 4 * (a.weight - b.weight - (a.digit <= b.digit ? 1 : 0));
}

function leadingDigit(value: Decimal): { readonly weight: number; readonly digit: number } {
  const weight = Math.floor(value.e / 4);
  return { weight, digit: value.abs().div(new Decimal(10_000).pow(weight)).floor().toNumber() };
}

function decimalsOf(text: DecimalText): number {
  return (text.split('.')[1] ?? '').length;
}
