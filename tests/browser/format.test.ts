import { describe, expect, it } from 'vitest';
import {
  decimalsOf,
  directionOf,
  formatChange,
  formatExact,
  formatFraction,
  formatInZone,
  formatPrice,
  formatRelative,
  formatVolume,
} from '../../web/src/text/format.ts';

describe('figures', () => {
  it('shows what is missing as an en dash, and zero as zero', () => {
    expect([formatPrice(null, 2), formatChange(undefined, 2), formatFraction(null), formatVolume(null)]).toEqual([
      '–',
      '–',
      '–',
      '–',
    ]);
    expect([formatPrice(0, 2), formatChange(0, 2), formatFraction(0), formatVolume(0)]).toEqual([
      '0.00',
      '0.00',
      '0.00 %',
      '0',
    ]);
  });

  it('signs every change, and what rounds to zero not at all', () => {
    expect(formatChange(3.07, 2)).toBe('+3.07');
    expect(formatChange(-51.7, 2)).toBe('−51.70');
    expect(formatFraction(0.012711)).toBe('+1.27 %');
    expect(formatFraction(-0.00004)).toBe('0.00 %');
    expect(directionOf(-0.00004, 4)).toBe('flat');
    expect(directionOf(-0.4, 4)).toBe('down');
  });

  it('takes decimals as text as well as numbers', () => {
    expect(formatPrice('1234.5', 2)).toBe('1,234.50');
    expect(formatPrice('not a number', 2)).toBe('–');
  });

  it('shows as many decimals as the instrument has, between two and eight', () => {
    expect(decimalsOf([244.6, 241.53])).toBe(2);
    expect(decimalsOf([1.085, 1.0466], 4)).toBe(4);
    expect(decimalsOf([0.00001612])).toBe(8);
    expect(decimalsOf([1.2e-7])).toBe(8);
    expect(decimalsOf(['2.969', null])).toBe(3);
    expect(decimalsOf([0.1 + 0.2])).toBe(8);
  });

  it('shortens a volume to two decimals of its unit', () => {
    expect(formatVolume(812)).toBe('812');
    expect(formatVolume(53_614_054)).toBe('53.61M');
  });
});

describe('times', () => {
  const now = Date.parse('2026-11-20T21:30:00Z');

  it('says them as people do', () => {
    expect(formatRelative(now - 400, now)).toBe('now');
    expect(formatRelative(now - 12_000, now)).toBe('12 s ago');
    expect(formatRelative(now - 47 * 3_600_000, now)).toBe('47 h ago');
    expect(formatRelative(now + 180_000, now)).toBe('in 3 min');
  });

  it('tells a close in the venue’s own time, and the day once the weekday would mislead', () => {
    expect(formatInZone(Date.parse('2026-11-20T21:00:00Z'), 'America/New_York', now)).toBe('Fri 16:00');
    expect(formatInZone(Date.parse('2026-11-03T21:00:00Z'), 'America/New_York', now)).toBe('3 Nov');
    expect(formatInZone(Date.parse('2024-11-01T21:00:00Z'), 'America/New_York', now)).toContain('2024');
  });

  it('gives the exact time in UTC and at the venue', () => {
    expect(formatExact(Date.parse('2026-11-20T21:00:00Z'), 'America/New_York')).toBe(
      '2026-11-20 21:00:00 UTC · Fri 16:00:00 New York',
    );
  });

  it('does not break on a zone that the browser does not know', () => {
    expect(formatInZone(Date.parse('2026-11-20T21:00:00Z'), 'Nowhere/Atall', now)).toBe('Fri 21:00');
  });
});
