/**
 * SQL: a run's status from its tasks t: planned until one moves, then running until all ended, then what became of them. A run
 * without tasks yet is planned.
 */
export const runStatus = `CASE
  WHEN count(t.part) = 0 THEN 'planned'
  WHEN bool_and(t.status = 'succeeded') THEN 'succeeded'
  WHEN bool_and(t.status = 'failed') THEN 'failed'
  WHEN bool_and(t.finished_at IS NOT NULL) THEN 'partial'
  WHEN bool_and(t.status = 'planned') THEN 'planned'
  ELSE 'running' END`;
