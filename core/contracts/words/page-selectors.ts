/** By which selectors a page is read: a source that is read in a browser may know a second way to its table. */
export const pageSelectors = ['main', 'alternative'] as const;
export type PageSelectors = (typeof pageSelectors)[number];
