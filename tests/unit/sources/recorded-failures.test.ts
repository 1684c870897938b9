import { describe, expect, it } from 'vitest';
import { catalogue } from '../../../core/sources/catalogue.ts';
import { recordingsExist, recordingsOf, wholeRecording } from '../../support/recordings.ts';

const sources = catalogue.map((source) => [source.id, source] as const);

describe.runIf(recordingsExist).each(sources)('every recorded answer of %s', (id, { jobs, parser }) => {
  it('is the same failure, or none, for the scraper as for ingest', async () => {
    const { parse, failureIn } = await parser();
    for (const name of recordingsOf(id)) {
      for (const { kind, symbols } of jobs) {
        const exchange = wholeRecording(name, symbols);
        expect(failureIn(kind, exchange), `${name} as ${kind}`).toEqual(parse(kind, exchange).failure);
        // And with what a proxy or a careless server makes of it.
        for (const status of [204, 302, 401, 403, 404, 429, 500]) {
          const refused = { ...exchange, response: { ...exchange.response, status } };
          expect(failureIn(kind, refused), `${name} as ${kind}, ${status}`).toEqual(parse(kind, refused).failure);
        }
      }
    }
  });
});
