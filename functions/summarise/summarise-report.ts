import type { SummaryRefusal } from '../../core/contracts/words/summary-refusals.ts';
import { boundSentences, citablesInWords, withoutCitations } from '../../core/diagnosis/summary/bound-sentences.ts';
import { refusalOf } from '../../core/diagnosis/summary/check-summary.ts';
import type { State } from '../../core/ports/state.ts';
import { NoAnswerError, type Summariser } from '../../core/ports/summariser.ts';

/** Reports of 24 hours that a model is asked to summarise: a bound for what it costs. */
export const mostSummariesADay = 50;

/**
 * Writes the summary of one report, once:
 *
 *   1. read the report through `state`; one that has a summary, or is gone, is done
 *   2. let the model write it, unless it has written as many as a day may have
 *   3. leave out the sentences that are not bound to findings of the report
 *   4. store it through `state`, or why there is none: what cannot be shown is kept nowhere
 *
 * Throws where the model did not answer, so that the message comes again; the report says why meanwhile.
 */
export async function summariseReport(
  diagnosisId: string,
  { state, summariser }: { state: State; summariser: Summariser },
): Promise<SummaryRefusal | null> {
  const { markdown, askedToday, citables } = await state.call({ op: 'readReport', diagnosisId });
  if (markdown === null) return null;
  const { model } = summariser;
  const refuse = async (why: SummaryRefusal) => {
    await state.call({ op: 'refuseSummary', diagnosisId, model, why });
    return why;
  };
  if (askedToday >= mostSummariesADay) return refuse('daily_limit');
  try {
    const { text, isWhole } = await summariser.summarise(`${citablesInWords(citables)}\n\n${markdown}`);
    const why = refusalOf(withoutCitations(text), markdown) ?? (isWhole ? null : 'too_long');
    if (why !== null) return await refuse(why);
    const bound = boundSentences(text, citables);
    if (bound === '') return await refuse('not_in_report');
    await state.call({ op: 'keepSummary', diagnosisId, model, text: bound });
    return null;
  } catch (error) {
    if (error instanceof NoAnswerError) await refuse(error.why);
    throw error;
  }
}
