/** What the source's terms allow. */
export const licenceClasses = ['display', 'internal', 'redistribute', 'unknown'] as const;
export type LicenceClass = (typeof licenceClasses)[number];

/** What an API key is for. Each use may see what the ones after it may. */
export const keyUses = ['internal', 'display', 'redistribute'] as const;
export type KeyUse = (typeof keyUses)[number];

const visibleClasses: Readonly<Record<KeyUse, readonly LicenceClass[]>> = {
  internal: licenceClasses,
  display: ['display', 'redistribute'],
  redistribute: ['redistribute'],
};

/**
 * Whether a key of a use may see what a source of a licence class gave.
 *
 * @example
 * isVisible('display', 'redistribute') // true
 * isVisible('redistribute', 'display') // false
 */
export function isVisible(use: KeyUse, licence: LicenceClass): boolean {
  return visibleClasses[use].includes(licence);
}

/** A use, and those that see no more than it. */
export function usesWithin(use: KeyUse): readonly KeyUse[] {
  return keyUses.slice(keyUses.indexOf(use));
}
