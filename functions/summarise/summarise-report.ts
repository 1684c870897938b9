import type { State } from '../../core/ports/state.ts';
import type { Summariser } from '../../core/ports/summariser.ts';

/**
 * Writes the summary of one report, once:
 *
 *   1. read the report through `state`; one that has a summary, or is gone, is done
 *   2. let the model write it
 *   3. store it through `state`; the first one is kept
 */
export async function summariseReport(
  diagnosisId: string,
  { state, summariser }: { state: State; summariser: Summariser },
): Promise<boolean> {
  const { markdown } = await state.call({ op: 'readReport', diagnosisId });
  if (markdown === null) return false;
  const text = await summariser.summarise(markdown);
  const { kept } = await state.call({ op: 'keepSummary', diagnosisId, model: summariser.model, text });
  return kept;
}
