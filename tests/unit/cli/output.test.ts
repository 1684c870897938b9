import { describe, expect, it } from 'vitest';
import { dateOption, instantOption, numberOption } from '../../../cli/options.ts';
import { distance, due, fields, instant, jsonText, marked, safe, table } from '../../../cli/output.ts';

describe('what people read', () => {
  it('stands in columns under their headings, cut to a line', () => {
    expect(
      table(
        ['id', 'what'],
        [
          ['1', 'short'],
          ['100', 'x'.repeat(20)],
        ],
        10,
      ),
    ).toBe('id   what\n1    short\n100  xxxxxxxxx…');
  });

  it('names and values are aligned, and those without a value left out', () => {
    expect(fields({ a: '1', none: null, longer: '2' })).toBe('a       1\nlonger  2');
  });

  it.each([
    ['\u001b[2J\u001b[31mred', '\\u{1b}[2J\\u{1b}[31mred'],
    ['a\r\nb\tc', 'a b c'],
    ['\u009b1m', '\\u{9b}1m'],
    ['safe\u202etxt', 'safe\\u{202e}txt'],
    ['\u0007bell\u0000', '\\u{7}bell\\u{0}'],
    ['Zürich – 東京', 'Zürich – 東京'],
  ])('shows %j without letting it steer the terminal', (text, shown) => {
    expect(safe(text)).toBe(shown);
  });

  it('tells times and how far off they are', () => {
    const now = Date.parse('2026-11-22T20:00:00Z');
    expect(instant('2026-11-22T19:40:12.345Z')).toBe('2026-11-22 19:40:12 UTC');
    expect(instant(null)).toBe('–');
    expect(distance('2026-11-22T19:59:30Z', now)).toBe('30 s ago');
    expect(distance('2026-11-22T20:10:00Z', now)).toBe('in 10 min');
    expect(distance('2026-11-22T15:00:00Z', now)).toBe('5 h ago');
    expect(distance('2026-11-12T20:00:00Z', now)).toBe('10 days ago');
  });

  it('says of what is due by now that it is, and never that it was some seconds ago', () => {
    const now = Date.parse('2026-11-22T20:00:00Z');
    expect(due('2026-11-22T20:02:00Z', now)).toBe('in 2 min');
    for (const past of ['2026-11-22T20:00:00.300Z', '2026-11-22T20:00:00Z', '2026-11-22T19:59:00Z'])
      expect(due(past, now)).toBe('due now');
    expect(due(null, now)).toBe('–');
  });
});

describe('JSON', () => {
  const simulated = ['yahoo', 'coingecko'];

  it('has no mark where nothing is simulated', () => {
    expect(marked({ source: 'yahoo' }, [])).toEqual({ source: 'yahoo' });
    expect(marked([{ source: 'yahoo' }], [])).toEqual([{ source: 'yahoo' }]);
  });

  it('says of what names a source, at any depth, whether that one is simulated', () => {
    expect(marked({ bars: [{ source: 'yahoo' }, { source: 'real' }] }, simulated)).toMatchObject({
      simulated: true,
      simulatedSources: ['yahoo'],
    });
    expect(marked([{ quote: { sourceId: 'real' } }, { quote: { sourceId: 'coingecko' } }], simulated)).toEqual([
      { simulated: false, quote: { sourceId: 'real' } },
      { simulated: true, simulatedSources: ['coingecko'], quote: { sourceId: 'coingecko' } },
    ]);
  });

  it('says of what names none that there are simulated sources, and keeps a mark that is there', () => {
    expect(marked({ healthy: true }, simulated)).toEqual({
      simulated: true,
      simulatedSources: simulated,
      healthy: true,
    });
    expect(marked([{ id: 'real', simulated: false }], simulated)).toMatchObject([{ id: 'real', simulated: false }]);
    expect(marked(['AAPL'], simulated)).toEqual(['AAPL']);
  });
});

describe('options', () => {
  it('take a time as people give it', () => {
    expect(instantOption('2026-11-23T08:00+01:00')).toBe('2026-11-23T07:00:00.000Z');
    const inTwoHours = Date.parse(instantOption('2h')) - Date.now();
    expect(Math.abs(inTwoHours - 7_200_000)).toBeLessThan(5_000);
    for (const wrong of ['soon', '2 h', '-1h', '2026-13-01', '']) expect(() => instantOption(wrong)).toThrow('30m');
  });

  it('refuse what is no date and no number', () => {
    expect(dateOption('2026-01-31')).toBe('2026-01-31');
    for (const wrong of ['2026-1-31', '31.01.2026', '2026-02-40']) expect(() => dateOption(wrong)).toThrow('date');
    expect(numberOption(10)('7')).toBe(7);
    for (const wrong of ['0', '11', '1.5', 'x']) expect(() => numberOption(10)(wrong)).toThrow('from 1 to 10');
  });
});

describe('JSON for programs', () => {
  it('has nothing that steers a terminal, and reads as what it was', () => {
    const value = { name: 'a\u001b[2J\u009b1m\u007f\u202e\u2028\u{e0001}é€' };
    const text = jsonText(value, 2);
    expect([...text].filter((char) => /[\p{Cc}\p{Cf}\u2028]/u.test(char) && char !== '\n')).toEqual([]);
    expect(text).toContain('é€');
    expect(JSON.parse(text)).toEqual(value);
  });
});
