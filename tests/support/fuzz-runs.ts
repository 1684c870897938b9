/** How many random examples a property has: a few in `npm test`, as many as `QUOTRON_FUZZ_RUNS` says in `npm run fuzz`. */
export function fuzzRuns(usual: number): number {
  const given = Number(process.env['QUOTRON_FUZZ_RUNS'] ?? '');
  return Number.isInteger(given) && given > 0 ? given : usual;
}
