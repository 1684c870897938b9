import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allows, createApiKey, isApiKey } from '../../../core/auth/api-keys.ts';
import { createSealer } from '../../../core/auth/seal.ts';

describe('API keys', () => {
  it('have a checksum that a mistyped one fails', () => {
    const { key, prefix } = createApiKey();
    expect(isApiKey(key)).toBe(true);
    expect(key.startsWith(prefix)).toBe(true);
    const typed = key.slice(0, 20) + (key[20] === 'A' ? 'B' : 'A') + key.slice(21);
    expect(isApiKey(typed)).toBe(false);
    expect(isApiKey(`${key} `)).toBe(false);
  });

  it('admin may operate, read may not', () => {
    expect(allows('admin', 'operate')).toBe(true);
    expect(allows('read', 'operate')).toBe(false);
    expect(allows('read', 'read')).toBe(true);
  });
});

describe('sealed sessions', () => {
  const sealer = createSealer('a secret of sixty-four characters, as Secrets Manager would make it');

  it('open only for what they were sealed for, with the same key, unchanged', () => {
    fc.assert(
      fc.property(fc.string(), (plain) => {
        const sealed = sealer.seal(plain, 'yahoo');
        expect(sealer.open(sealed, 'yahoo')).toBe(plain);
        expect(sealer.open(sealed, 'coingecko')).toBeNull();
        expect(createSealer('another secret').open(sealed, 'yahoo')).toBeNull();
        const cut = sealed.slice(0, -2);
        expect(sealer.open(cut, 'yahoo')).toBeNull();
      }),
    );
  });

  it('never look the same twice', () => {
    expect(sealer.seal('x', 'yahoo')).not.toBe(sealer.seal('x', 'yahoo'));
  });

  it.each(['', 'v1', 'v1.a.b.c', 'v2.a.b.c', '....'])('%j opens to nothing', (text) => {
    expect(sealer.open(text, 'yahoo')).toBeNull();
  });
});
