/** What the source's terms allow. */
export const licenceClasses = ['display', 'internal', 'redistribute', 'unknown'] as const;
export type LicenceClass = (typeof licenceClasses)[number];
