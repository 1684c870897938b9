/** Why a report has no summary by the language model that was asked for one. */
export const summaryRefusals = [
  // What the model wrote cannot be shown.
  'empty',
  'too_long',
  'other_language',
  'markup',
  'link',
  'instruction',
  'not_in_report',
  // It was not asked, or wrote nothing. It may be asked again.
  'daily_limit',
  'too_slow',
  'throttled',
  'model_refused',
  'model_failed',
] as const;
export type SummaryRefusal = (typeof summaryRefusals)[number];

/** After these the model may be asked again for the same report: it did not answer. */
export const passingRefusals: readonly SummaryRefusal[] = ['too_slow', 'throttled', 'model_refused', 'model_failed'];

export const summaryRefusalWords: Readonly<Record<SummaryRefusal, string>> = {
  empty: 'It wrote nothing.',
  too_long: 'It wrote more than a summary has.',
  other_language: 'It did not write in English.',
  markup: 'It wrote markup: HTML, code, pictures or characters that hide text.',
  link: 'It named an address, which the report does not do.',
  instruction:
    'It told the reader to do something that is no advice of this report, as text of a source may try to make it.',
  not_in_report:
    'It named a source, a symbol, a time or a number that the report does not have, or no sentence of it is bound to a finding of the report.',
  daily_limit: 'As many reports as a day may have summaries were summarised in the last 24 hours.',
  too_slow: 'It did not answer in time.',
  throttled: 'Bedrock answered that it gets too many requests.',
  model_refused:
    'Bedrock refused the request: the model is not available to this account and region, or its id is wrong.',
  model_failed: 'Bedrock failed.',
};
