/** The seed that `QUOTRON_SEED` names, else one of the clock. Throws for what is no whole number. */
export function seedOf(env: NodeJS.ProcessEnv): number {
  const given = env['QUOTRON_SEED'];
  if (!given) return Date.now() % 1_000_000;
  if (!/^\d{1,9}$/.test(given)) throw new Error(`QUOTRON_SEED is ${JSON.stringify(given)}, not a whole number.`);
  return Number(given);
}
