import { describe, expect, it } from 'vitest';
import { calendarFor, calendarIds } from '../../../../core/market/calendar.ts';
import { exchangeOf, isMic } from '../../../../core/market/exchange.ts';
import { isZone } from '../../../../core/market/zoned-date.ts';
import { exchangeCodes, micOf } from '../../../../core/sources/yahoo/exchanges.ts';

describe('the exchange codes of Yahoo', () => {
  it('each stand for a venue with a name and a zone', () => {
    for (const code of exchangeCodes) {
      const venue = exchangeOf(micOf(code));
      expect([code, isMic(venue.mic), venue.mic.length, isZone(venue.zone)]).toEqual([code, true, 4, true]);
      expect(venue.mic, code).not.toBe('QUNK');
      if (code !== venue.mic) expect(isMic(code), code).toBe(false);
    }
  });

  it.each([
    ['PAR', 'XPAR'],
    ['AMS', 'XAMS'],
    ['BRU', 'XBRU'],
    ['LIS', 'XLIS'],
    ['MIL', 'XMIL'],
    ['MCE', 'XMAD'],
    ['STO', 'XSTO'],
    ['CPH', 'XCSE'],
    ['OSL', 'XOSL'],
    ['HEL', 'XHEL'],
    ['VIE', 'XWBO'],
    ['WSE', 'XWAR'],
    ['BSE', 'XBOM'],
    ['NSI', 'XNSE'],
    ['SHH', 'XSHG'],
    ['SHZ', 'XSHE'],
    ['KSC', 'XKRX'],
    ['KOE', 'XKOS'],
    ['TAI', 'XTAI'],
    ['SES', 'XSES'],
    ['JKT', 'XIDX'],
    ['SET', 'XBKK'],
    ['SAO', 'BVMF'],
    ['MEX', 'XMEX'],
    ['JNB', 'XJSE'],
    ['TLV', 'XTAE'],
    ['SAU', 'XSAU'],
  ])('%s is %s, which has a calendar', (code, mic) => {
    expect(micOf(code)).toBe(mic);
    expect(calendarFor({ mic, zone: 'UTC' })?.id).toBe(mic);
    expect(calendarIds).toContain(mic);
  });

  it.each(['YHD', 'QQQ', '', 'XPAR ', 'constructor'])('%j is unknown and no MIC', (code) => {
    expect(micOf(code)).toBe('QUNK');
    expect(exchangeOf(code)).toEqual({ mic: 'QUNK', name: 'Venue not known', zone: 'UTC' });
  });
});
