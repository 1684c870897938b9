import { expect, it } from 'vitest';
import { catalogue } from '../../../core/sources/catalogue.ts';
import { simulationInWords } from '../../../localstack/simulated-sources.ts';

it('says nothing where nothing is simulated, and otherwise which sources are and how to get real prices', () => {
  expect(simulationInWords([])).toBeNull();
  expect(simulationInWords(catalogue.map(({ id }) => id))).toContain('npm start -- --live');
  expect(simulationInWords(['yahoo'])).toContain('yahoo is simulated');
});
