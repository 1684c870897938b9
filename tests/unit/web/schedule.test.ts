import { expect, it } from 'vitest';
import { catalogue } from '../../../core/sources/catalogue.ts';
import { cronWords } from '../../../web/src/sources/schedule.ts';

it.each([
  ['0 8,18 * * 1-5', 'at 08:00 and 18:00, Monday to Friday'],
  ['30 18 * * *', 'at 18:30'],
  ['0,30 9 * * 0,6', 'at 09:00 and 09:30, Sunday and Saturday'],
  ['5 0 * * 7', 'at 00:05, Sunday'],
  ['*/5 * * * *', 'at */5 * * * *'],
  ['0 8 1 * *', 'at 0 8 1 * *'],
  ['nonsense', 'at nonsense'],
])('%s is "%s"', (cron, words) => {
  expect(cronWords(cron)).toBe(words);
});

it('has words for every schedule of the catalogue', () => {
  const crons = catalogue.flatMap(({ jobs }) => jobs.flatMap(({ cron }) => cron ?? []));
  expect(crons.length).toBeGreaterThan(1);
  expect(crons.map(cronWords).filter((words) => words.includes('*'))).toEqual([]);
});
