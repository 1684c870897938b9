import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../core/diagnosis/diagnose.ts';
import { openingOf } from '../../../core/diagnosis/opening.ts';
import { facts, failed, minutesAgo, source } from '../../support/diagnosis-facts.ts';

/** A fault of 10 minutes, and when each source gave a price of its one symbol last. */
function servedAt(confirmedAt: Readonly<Record<string, number>>) {
  const tasks = [failed('down', { minutes: 1, symbols: ['AAPL'] }), failed('down', { minutes: 10, symbols: ['AAPL'] })];
  const ill = source({ tasks, quoteJobs: ['quotes'] });
  const served = [
    {
      ...{ sourceId: ill.id, symbol: 'AAPL', canonical: 'AAPL', market: 'Nasdaq' },
      confirmedAt: new Map(Object.entries(confirmedAt).map(([id, minutes]) => [id, minutesAgo(minutes)])),
    },
  ];
  const [finding] = diagnose(facts([ill], { served })).findings;
  return finding?.symbols?.served;
}

describe('who had another source of a price', () => {
  const own = source({}).id;

  it('names another source that gave one since the fault began, or in its turn of a moment before', () => {
    expect(servedAt({ [own]: 11, other: 2 })).toEqual({ byOthers: 1, others: ['other'], oldestMinutes: null });
    expect(servedAt({ [own]: 11, other: 13 })).toEqual({ byOthers: 1, others: ['other'], oldestMinutes: null });
  });

  it('is nobody where the price of the others is older than a turn', () => {
    expect(servedAt({ [own]: 11, other: 40 })).toEqual({ byOthers: 0, others: [], oldestMinutes: 11 });
    expect(servedAt({ [own]: 11 })).toEqual({ byOthers: 0, others: [], oldestMinutes: 11 });
  });
});

describe('what was done', () => {
  const openingWhen = (of: Parameters<typeof facts>[1], sources = [source()]) => {
    const diagnosis = diagnose(facts(sources, of));
    return openingOf(diagnosis, diagnosis.findings).join('\n');
  };

  it('says that nothing was recovered where something has failed', () => {
    const tasks = [failed('down', { minutes: 1 }), failed('down', { minutes: 3 })];
    expect(openingWhen({}, [source({ tasks })])).toContain('No recovery was tried yet.');
  });

  it('speaks of no recovery where a person has stopped something', () => {
    const services = [{ id: 'scrapers', running: false, changedAt: minutesAgo(5), stoppedUntil: null }] as const;
    const opening = openingWhen({ services });
    expect(opening).toContain('scrapers');
    expect(opening).not.toContain('recover');
  });
});
