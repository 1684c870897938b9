/** The seed that `QUOTRON_SEED` names, to repeat a failure, or another one each time; prints it. */
export function chosenSeed(of: string): number {
  const given = Number.parseInt(process.env['QUOTRON_SEED'] ?? '', 10);
  const seed = Number.isNaN(given) ? Math.floor(Math.random() * 2 ** 31) : given;
  console.log(`${of}: QUOTRON_SEED=${seed} repeats this run`);
  return seed;
}
