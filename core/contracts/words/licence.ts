/** What the source allows to be done with its data. */
export const licenceClasses = ['display', 'internal', 'redistribute', 'unknown'] as const;
export type LicenceClass = (typeof licenceClasses)[number];
