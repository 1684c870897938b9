import { chartAnswerSchema } from '../../../core/sources/yahoo/schema.ts';

/** The closes of the last days before today’s, which is still moving, from the simulated Yahoo itself. */
export async function closesOf(upstream: string, symbol: string): Promise<readonly number[]> {
  const answer = await fetch(`${upstream}/v8/finance/chart/${symbol}?range=5d&interval=1d`);
  const chart = chartAnswerSchema.parse(await answer.json()).chart.result?.[0];
  const found = chart?.indicators.quote[0]?.close?.slice(0, -1).filter((value) => value !== null) ?? [];
  if (found.length < 2) throw new Error(`The simulated Yahoo has ${found.length} closes of ${symbol}.`);
  return found;
}

/** The numbers with a fraction in a text. */
export function numbersIn(text: string): readonly number[] {
  return [...text.matchAll(/\d+\.\d+/g)].map(([number]) => Number(number));
}
