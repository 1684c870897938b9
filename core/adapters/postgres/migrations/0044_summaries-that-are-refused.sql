-- Up Migration

-- Why a report has no summary by the language model that was asked for one: a word of summary-refusals.ts.
ALTER TABLE diagnosis ADD COLUMN summary_refusal text;
