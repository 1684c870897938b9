/**
 * Why stored bars are to be read again:
 *
 *   stale   they were read before a split that changes them took effect
 *   hole    sessions between the first and the last bar of an answer, or of all that is stored, have none
 *   wrong   a finding calls them wrong
 */
export const repairReasons = ['stale', 'hole', 'wrong'] as const;
export type RepairReason = (typeof repairReasons)[number];
