/** The selectors to read a page with: a browser source may have a second set for its table. */
export const pageSelectors = ['main', 'alternative'] as const;
export type PageSelectors = (typeof pageSelectors)[number];
