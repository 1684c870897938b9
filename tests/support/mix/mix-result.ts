import { mixedFaults } from './mixed-faults.ts';
import type { MixResult } from './run-mix.ts';

/** What is wrong with a mix, in words: a breach of the invariants, something left open, a fault that never fired. */
export function wrongIn({ fired, figures, unsettled, breaches, deadByMistake }: MixResult): string[] {
  const { 'dead letters': dead = 0, 'poisoned messages': poison = 0 } = figures;
  return [
    ...breaches,
    ...(unsettled === null ? [] : [`still open: ${unsettled}`]),
    ...(deadByMistake === 0 ? [] : [`${deadByMistake} dead letters are no poison`]),
    ...(dead === poison ? [] : [`${poison} poisoned messages became ${dead} dead letters`]),
    ...mixedFaults.flatMap(({ name }) => (fired.get(name) ? [] : [`fault never fired: ${name}`])),
  ];
}

/** The figures of a mix in lines. */
export function figuresOf({ fired, figures }: MixResult): string[] {
  return [
    ...[...fired].map(([name, times]) => `fault: ${name}: fired ${times} times`),
    ...Object.entries(figures).map(([name, value]) => `${name}: ${value}`),
  ];
}
