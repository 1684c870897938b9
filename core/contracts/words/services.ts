/** The parts that can be switched off by a flag that each handler reads first. */
export const serviceIds = ['scheduler', 'scrapers', 'ingest', 'proxy', 'recovery'] as const;
export type ServiceId = (typeof serviceIds)[number];
