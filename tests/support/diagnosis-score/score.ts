import { catalogue } from '../../../core/sources/catalogue.ts';
import { type ScoreSet, scoreSets } from './cases.ts';
import type { Outcome } from './score-world.ts';

/** Of one set of cases: how many causes had to be named, and what became of them. */
export interface Score {
  readonly set: ScoreSet;
  readonly cases: number;
  readonly expected: number;
  readonly right: number;
  readonly missed: number;
  readonly wrong: number;
  /** `unexplained` where a rule should have been named: it is among `wrong`. */
  readonly shrugged: number;
}

/** The score of each set. */
export function scoresOf(outcomes: readonly Outcome[]): Score[] {
  return scoreSets.map((set) => {
    const of = outcomes.filter((each) => each.of.set === set);
    const sum = (count: (outcome: Outcome) => number) => of.reduce((total, each) => total + count(each), 0);
    return {
      set,
      cases: of.length,
      expected: sum(({ expected }) => expected.length),
      right: sum(({ expected, named }) => expected.filter((line) => named.includes(line)).length),
      missed: sum(({ expected, named }) => expected.filter((line) => !named.includes(line)).length),
      wrong: sum((outcome) => wrongOf(outcome).length),
      shrugged: sum((outcome) => wrongOf(outcome).filter((line) => line.endsWith(': unexplained')).length),
    };
  });
}

/** What a report names beside what it must. */
export function wrongOf({ expected, named }: Outcome): string[] {
  return named.filter((line, place) => !expected.includes(line) || named.indexOf(line) !== place);
}

const meanings: Readonly<Record<ScoreSet, string>> = {
  single: 'one fault',
  pairs: 'two faults, of one source or two',
  'held-out pairs': 'two faults, by a seed that no rule was fixed by',
  unknown: 'what no rule knows: it must say `unexplained`',
  'nothing wrong': 'what is no obstacle: it must find nothing',
};

/** The tables of docs/diagnosis.md. */
export function tablesOf(outcomes: readonly Outcome[]): string {
  return `${setsTable(scoresOf(outcomes))}\n\n${faultsTable(outcomes)}`;
}

function setsTable(scores: readonly Score[]): string {
  const rows = scores.map((score) => {
    const { set, cases, expected, right, missed, wrong, shrugged } = score;
    const precision = percent(right, right + wrong);
    return `| ${meanings[set]} | ${cases} | ${expected} | ${right} | ${missed} | ${wrong} | ${shrugged} | ${precision} | ${percent(right, expected)} |`;
  });
  return [
    '| cases with | cases | causes | named | missed | named wrongly | of these `unexplained` | precision | recall |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${Math.floor((100 * part) / whole)} %`;
}

/** Faults of a whole source, each by itself. */
function faultsTable(outcomes: readonly Outcome[]): string {
  const singles = outcomes.flatMap((outcome) => {
    const [planted] = outcome.of.planted;
    return outcome.of.set === 'single' && planted && !planted.of ? [{ outcome, planted }] : [];
  });
  const ids = catalogue.map(({ id }) => id);
  const rows = [...Map.groupBy(singles, ({ planted }) => planted.fault)].map(([fault, group]) => {
    const rules = [...new Set(group.map(({ planted }) => `\`${planted.rule}\``))].join(', ');
    const cells = ids.map((id) => {
      const found = group.find(({ planted }) => planted.source === id);
      return found ? cellOf(found.outcome) : '–';
    });
    return `| \`${fault}\` | ${rules} | ${cells.join(' | ')} |`;
  });
  return [
    `| fault | must be named | ${ids.map((id) => `\`${id}\``).join(' | ')} |`,
    `|---|---|${ids.map(() => '---|').join('')}`,
    ...rows,
  ].join('\n');
}

function cellOf(outcome: Outcome): string {
  const { expected, named } = outcome;
  const wrong = wrongOf(outcome).map((line) => `\`${line.split(': ')[1]}\``);
  if (expected.every((line) => named.includes(line)))
    return wrong.length === 0 ? 'right' : `right, and ${wrong.join(', ')}`;
  return wrong.length === 0 ? 'missed' : wrong.join(', ');
}
