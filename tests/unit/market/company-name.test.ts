import { describe, expect, it } from 'vitest';
import { mayBeSameName } from '../../../core/market/company-name.ts';

describe('two names', () => {
  it.each([
    ['Apple Inc.', 'APPLE INC'],
    ['Apple Inc.', 'Apple'],
    ['Alphabet Inc.', 'Alphabet Inc. Class C'],
    ['International Business Machines Corporation', 'INTL BUSINESS MACHS'],
    ['Bayerische Motoren Werke Aktiengesellschaft', 'BMW AG'],
    ['Koninklijke Philips N.V.', 'KON PHILIPS'],
    ['Société Générale SA', 'SOCIETE GENERALE'],
    ["L'Oréal S.A.", 'LOREAL'],
    ['Meta Platforms, Inc.', 'Meta Platforms (formerly Facebook)'],
    ['AT&T Inc.', 'AT&T'],
    ['Berkshire Hathaway Inc.', 'BERKSHIRE HATHAWAY INC-CL B'],
    ['Rolls-Royce Holdings plc', 'ROLLS ROYCE HLDGS'],
    ['株式会社トヨタ', '株式会社トヨタ'],
    ['Bitcoin USD', 'Bitcoin'],
    ['The Company plc', 'Anything Inc.'],
    ['', 'Anything Inc.'],
  ])('%s and %s may be of one', (one, other) => {
    expect([mayBeSameName(one, other), mayBeSameName(other, one)]).toEqual([true, true]);
  });

  it.each([
    ['Facebook, Inc.', 'Meta Platforms, Inc.'],
    ['Oldco Minerals Inc.', 'Brightwave Robotics, Inc.'],
    ['Roundhill Ball Metaverse ETF', 'Dana Incorporated'],
    ['Andeavor Logistics LP', 'Trinseo PLC'],
    ['The Walt Group', 'The Ford Group'],
  ])('%s and %s share nothing', (one, other) => {
    expect([mayBeSameName(one, other), mayBeSameName(other, one)]).toEqual([false, false]);
  });
});
