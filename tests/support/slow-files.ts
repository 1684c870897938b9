/**
 * Test files that take longest, longest first. They begin first, so that none is left over at the end: a fresh clone has
 * no measured durations to go by. A test holds that each exists.
 *
 * The first is there for another reason: the first cycle of the deployed cloud comes before all that disturbs it, since
 * quotas and health are shared.
 */
export const slowFiles = [
  'tests/local/cycle.test.ts',
  'tests/contract/recovery.test.ts',
  'tests/contract/faults-of-pages.test.ts',
  'tests/contract/watch-of-5000.test.ts',
  'tests/contract/played-months.test.ts',
  'tests/contract/diagnosis-score.test.ts',
  'tests/contract/faults-of-apis.test.ts',
  'tests/contract/chromium.test.ts',
  'tests/contract/browser-sources.test.ts',
  'tests/contract/permits-of-processes.test.ts',
  'tests/unit/sources/slickcharts/page.test.ts',
  'tests/unit/sources/demo-broker/page.test.ts',
  'tests/contract/proxy-clients.test.ts',
  'tests/contract/calendars.test.ts',
  'tests/contract/diagnosis.test.ts',
  'tests/contract/fan-out.test.ts',
];
