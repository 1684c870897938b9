/** What is wrong with a line of a model, or (without a line) with the whole file. */
export const modelFaults = [
  'empty',
  'too_many',
  'no_weight_column',
  'unit_unclear',
  'unit_mixed',
  'cells',
  'symbol_missing',
  'symbol_malformed',
  'symbol_twice',
  'weight_missing',
  'weight_malformed',
  'weight_range',
  'sector_long',
] as const;
export type ModelFault = (typeof modelFaults)[number];

/** What each fault says to a person, after the line that it is of. */
export const modelFaultWords: Readonly<Record<ModelFault, string>> = {
  empty: 'There is no holding in it.',
  too_many: 'It has more holdings than the 500 that a model takes.',
  no_weight_column: 'The heading names no column of weights. Call it “weight”, or “weight %”.',
  unit_unclear: 'The sum of the weights does not show whether they are fractions or percent. Say which.',
  unit_mixed: 'Some weights are percent and others are not. Write all in the same way.',
  cells: 'The line has more cells than columns, or a quotation mark that is not closed.',
  symbol_missing: 'The symbol is missing.',
  symbol_malformed: 'That cannot be a symbol.',
  symbol_twice: 'The symbol stands in an earlier line, too. Add the weights up.',
  weight_missing: 'The weight is missing.',
  weight_malformed: 'The weight is not a number such as 0.25 or 25 %.',
  weight_range: 'A weight is from 0 to 10 (1,000 %). Short positions are not taken.',
  sector_long: 'The sector has more than 64 characters.',
};

/** How weights are given: 0.25, or 25. */
export const weightUnits = ['fraction', 'percent'] as const;
export type WeightUnit = (typeof weightUnits)[number];

/** Who said which sector a holding is of: the model, or what its instrument is. */
export const sectorOrigins = ['model', 'instrument'] as const;

/** Why a holding counts in no value: nobody knows the symbol, has a price, may show it to this key, or knows the close before. */
export const holdingGaps = ['unknown_symbol', 'no_quote', 'licence_forbids', 'no_change'] as const;
export type HoldingGap = (typeof holdingGaps)[number];
