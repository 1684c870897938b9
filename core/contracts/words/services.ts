/** The parts that can be switched off by a flag that each handler reads first. */
export const serviceIds = ['scheduler', 'scrapers', 'ingest', 'proxy', 'recovery', 'relay', 'alerts'] as const;
export type ServiceId = (typeof serviceIds)[number];

/** What a run waits for that a person asked for: while one of these is stopped, it does not end. */
export const runServices: readonly ServiceId[] = ['scrapers', 'ingest'];
