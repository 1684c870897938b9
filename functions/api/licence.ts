import type { VisibleSources } from '../../core/auth/visible-sources.ts';
import type { Warning } from '../../core/contracts/http/envelope.ts';
import type { LicenceClass } from '../../core/contracts/words/licence.ts';
import { ProblemError } from '../../core/http/problem.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';

/** The licence class of what a source gave. */
export function licenceOf(source: SourceDefinition | undefined): LicenceClass {
  return source?.terms.licence ?? 'unknown';
}

/** What a list leaves out for a caller who may not see every source; nothing where it is of one that may be seen. */
export function leftOut(visible: VisibleSources, asked: string | undefined = undefined): Warning[] {
  const hidden = asked === undefined ? visible.hidden : visible.hidden.filter((id) => id === asked);
  return hidden.length === 0
    ? []
    : [
        {
          code: 'licence_forbids',
          message: `This leaves out whatever comes from ${hidden.join(', ')}: their licence does not allow the use of this key, ${visible.use}.`,
        },
      ];
}

/** The problem of a symbol that only sources have which the caller may not see. */
export function licenceForbids(symbol: string, visible: VisibleSources): ProblemError {
  return new ProblemError(
    'licence_forbids',
    `What there is of ${symbol} comes from sources whose licence does not allow the use of this key, ${visible.use}.`,
  );
}
