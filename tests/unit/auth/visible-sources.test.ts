import { describe, expect, it } from 'vitest';
import { everySource, LicenceError, VisibleSources } from '../../../core/auth/visible-sources.ts';
import { keyUses, licenceClasses } from '../../../core/contracts/words/licence.ts';
import { catalogue } from '../../../core/sources/catalogue.ts';

const sources = licenceClasses.map((licence) => ({ id: `of-${licence}`, terms: { licence } }));

describe('the sources that a key may see', () => {
  it.each([
    ['internal', ['display', 'internal', 'redistribute', 'unknown'], true],
    ['display', ['display', 'redistribute'], false],
    ['redistribute', ['redistribute'], false],
  ] as const)('of use %s are those of the classes %j; one that no catalogue names: %s', (use, classes, forgotten) => {
    const visible = VisibleSources.of(use, sources);
    expect(sources.filter(({ id }) => visible.has(id)).map(({ terms }) => terms.licence)).toEqual(classes);
    expect(visible.has('forgotten')).toBe(forgotten);
    expect(visible.all).toBe(forgotten);
    expect(visible.hidden).toEqual(forgotten ? [] : sources.map(({ id }) => id).filter((id) => !visible.has(id)));
    for (const { id } of sources) {
      if (visible.has(id)) visible.require(id);
      else expect(() => visible.require(id)).toThrow(LicenceError);
    }
  });

  it('are none where nothing may be shown, and all for functions that answer nobody', () => {
    const none = VisibleSources.none();
    expect([none.all, none.ids, none.narrowerUses]).toEqual([false, [], []]);
    for (const { id } of catalogue) {
      expect(none.has(id)).toBe(false);
      expect(() => none.require(id)).toThrow(LicenceError);
      expect(everySource.has(id)).toBe(true);
    }
  });

  it('are fewer with each use, in the order of the uses', () => {
    for (const [at, use] of keyUses.entries()) {
      const wider = VisibleSources.of(use, sources);
      expect(wider.narrowerUses).toEqual(keyUses.slice(at));
      for (const narrower of wider.narrowerUses)
        for (const { id } of sources)
          if (VisibleSources.of(narrower, sources).has(id)) expect(wider.has(id)).toBe(true);
    }
  });
});
