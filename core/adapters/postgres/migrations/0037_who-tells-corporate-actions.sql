-- Up Migration

-- Whether daily bars tell the action, as they did until now, or only bars of other intervals; and the newest fetch that
-- told it outside of the range that its answer speaks for. Within such ranges answered_range says so.
ALTER TABLE corporate_action ADD COLUMN by_days boolean, ADD COLUMN told_at timestamptz;
