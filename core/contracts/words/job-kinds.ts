/** What a source's job collects. */
export const jobKinds = ['quotes', 'bars', 'constituents'] as const;
export type JobKind = (typeof jobKinds)[number];
