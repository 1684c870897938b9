import type { Schema } from './schema.ts';

/** Something that a release may rely on and that a later schema does not have, or no longer takes. */
export interface Narrowing {
  /** In words: `column task.symbols is gone`. */
  readonly text: string;
  /** What is gone, where the code of a release would name it. */
  readonly gone: string | null;
}

/**
 * In what a schema is narrower than that of a release: what is dropped or renamed, what takes fewer rows than before.
 * What is added is no narrowing, unless it refuses rows as that release writes them.
 */
export function narrowings(before: Schema, after: Schema): Narrowing[] {
  const changed = (text: string): Narrowing => ({ text, gone: null });
  const found: Narrowing[] = [];
  const tables = new Set(after.tables);
  const known = new Set(before.tables);
  for (const table of before.tables)
    if (!tables.has(table)) found.push({ text: `table ${table} is gone`, gone: table });

  const columnsAfter = new Map(after.columns.map((each) => [`${each.table}.${each.column}`, each]));
  const columnsBefore = new Set(before.columns.map((each) => `${each.table}.${each.column}`));
  for (const was of before.columns) {
    const name = `${was.table}.${was.column}`;
    const is = columnsAfter.get(name);
    if (!tables.has(was.table)) continue;
    if (!is) {
      found.push({ text: `column ${name} is gone`, gone: was.column });
      continue;
    }
    if (is.type !== was.type) found.push(changed(`column ${name} is ${is.type}, was ${was.type}`));
    if (is.required && !was.required) found.push(changed(`column ${name} may not be null any more`));
    if (is.required && was.filled && !is.filled) found.push(changed(`column ${name} has no default any more`));
    if (was.writable && !is.writable) found.push(changed(`column ${name} cannot be written any more`));
  }
  for (const is of after.columns) {
    const name = `${is.table}.${is.column}`;
    if (known.has(is.table) && !columnsBefore.has(name) && is.required && !is.filled)
      found.push(changed(`new column ${name} has no default and may not be null`));
  }

  // An index is used whatever its name is; a constraint may be named.
  const keyOf = (rule: Schema['rules'][number]) =>
    rule.kind === 'constraint' ? `${rule.table}.${rule.name}` : rule.definition;
  const rulesAfter = new Map(after.rules.map((rule) => [keyOf(rule), rule]));
  const rulesBefore = new Map(before.rules.map((rule) => [keyOf(rule), rule]));
  for (const [key, was] of rulesBefore) {
    const is = rulesAfter.get(key);
    if (!tables.has(was.table)) continue;
    const name = `${was.kind} ${was.table}.${was.name}`;
    if (!is) found.push({ text: `${name} is gone: ${was.definition}`, gone: was.name });
    else if (is.definition !== was.definition)
      found.push(changed(`${name} is ${is.definition}, was ${was.definition}`));
  }
  for (const [key, is] of rulesAfter) {
    const isOld = is.columns.some((column) => column === null || columnsBefore.has(`${is.table}.${column}`));
    if (rulesBefore.has(key) || is.kind === 'index' || !known.has(is.table) || !isOld) continue;
    found.push(changed(`new ${is.kind} ${is.table}.${is.name} may refuse rows: ${is.definition}`));
  }

  const functionsAfter = new Map(after.functions.map((each) => [each.signature, each]));
  for (const was of before.functions) {
    const is = functionsAfter.get(was.signature);
    if (!is) found.push({ text: `function ${was.signature} is gone`, gone: was.signature.replace(/\(.*$/, '') });
    else if (is.result !== was.result)
      found.push(changed(`function ${was.signature} gives ${is.result}, gave ${was.result}`));
  }
  const labelsAfter = new Set(after.labels.map((each) => `${each.type} ${each.label}`));
  for (const { type, label } of before.labels)
    if (!labelsAfter.has(`${type} ${label}`))
      found.push({ text: `word ${label} of type ${type} is gone`, gone: label });
  return found;
}
