/** The seed that `QUOTRON_SEED` names, else a random one. Throws for what is no whole number. */
export function seedOf(env: NodeJS.ProcessEnv): number {
  const given = env['QUOTRON_SEED'];
  if (!given) return Math.floor(Math.random() * 2 ** 31);
  if (!/^\d{1,10}$/.test(given)) throw new Error(`QUOTRON_SEED is ${JSON.stringify(given)}, not a whole number.`);
  return Number(given);
}

/** The seed of a test, which is printed, to repeat a failure. */
export function chosenSeed(of: string): number {
  const seed = seedOf(process.env);
  console.log(`${of}: QUOTRON_SEED=${seed} repeats this run`);
  return seed;
}
