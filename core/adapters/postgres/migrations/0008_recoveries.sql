-- Up Migration
-- What a recovery changes, and what it did.

ALTER TABLE source_state
  -- Share of the minute's quota that may be used before `budget_until`: a recovery lowered it.
  ADD COLUMN budget_factor double precision CHECK (budget_factor > 0 AND budget_factor <= 1),
  ADD COLUMN budget_until timestamptz,
  -- By which selectors a page is read. A recovery changes them when it cannot be read by the others.
  ADD COLUMN selectors text NOT NULL DEFAULT 'main' CHECK (selectors IN ('main', 'alternative'));

-- Asked for without anything that is kept from before: a new profile and a new login.
ALTER TABLE task ADD COLUMN fresh boolean NOT NULL DEFAULT false;

ALTER TABLE recovery
  -- Past this it has failed, whoever has it.
  ADD COLUMN deadline_at timestamptz,
  -- Which source the symbols of the failing job were asked of instead.
  ADD COLUMN fallback_source_id text,
  ADD COLUMN fallback_run_id uuid;
CREATE INDEX recovery_held ON recovery (finished_at) WHERE status = 'verified' AND held IS NULL;
