/** What upstream requests are made for. Each draws on the same quota; some are open to a share of it only. */
export const permitPurposes = ['task', 'login', 'canary', 'backfill', 'proxy'] as const;
export type PermitPurpose = (typeof permitPurposes)[number];
