import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codingFor, encodeBody } from '../../../core/http/content-coding.ts';
import { anyCharacter } from '../../support/any-character.ts';

describe('the coding of an answer', () => {
  it.each([
    ['gzip, deflate, br', 'br'],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['GZIP;Q=0.8', 'gzip'],
    ['br;q=0.5, gzip;q=0.8', 'gzip'],
    ['br ; q=1.000, gzip;q=1', 'br'],
    ['*', 'br'],
    ['*;q=0.1', 'br'],
    ['br;q=0, *', 'gzip'],
    ['br;q=0, *;q=0.5', 'gzip'],
    ['gzip;q=0, br;q=0, *', null],
    ['gzip;q=0.000', null],
    ['*;q=0', null],
    ['identity', null],
    ['identity;q=1, gzip;q=0.5', null],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['identity;q=0', null],
    ['deflate, zstd', null],
    ['gzip;q=2', null],
    ['gzip;q=-1', null],
    ['gzip;q=', null],
    ['', null],
    [',', null],
  ])('for %j is %s', (header, coding) => {
    expect(codingFor(header)).toBe(coding);
  });

  it('gives back every text, whatever is in it, and leaves short ones as they are', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: anyCharacter, maxLength: 3_000 }),
        fc.constantFrom('br', 'gzip'),
        (text, coding) => {
          const coded = encodeBody(text, coding);
          expect(coded === null).toBe(text.length < 1_024);
          if (coded === null) return;
          const plain = coded.coding === 'br' ? brotliDecompressSync(coded.body) : gunzipSync(coded.body);
          expect(plain.toString()).toBe(text.toWellFormed());
        },
      ),
    );
  });

  it('never fails, whatever a client sends', () => {
    fc.assert(fc.property(fc.string({ unit: anyCharacter }), (header) => void codingFor(header)));
  });
});
