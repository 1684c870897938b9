/** Migrations as text: which of them would hold up a large table for longer than its users can wait. */

/** The statements of a migration, without comments; quoted text is `''`, and bodies between dollars are cut out. */
function statementsOf(sql: string): { readonly statements: string[]; readonly bodies: string[] } {
  const bodies: string[] = [];
  const bare = sql.replace(
    /--[^\n]*|\/\*[\s\S]*?\*\/|'((?:[^']|'')*)'|\$(\w*)\$([\s\S]*?)\$\2\$/g,
    (all, text: string | undefined, _tag, body: string | undefined) => {
      if (body !== undefined) bodies.push(body);
      // The limit of a wait is read below.
      if (text !== undefined) return /^\d+\s*\w*$/.test(text) ? all : "''";
      return ' ';
    },
  );
  const statements = bare
    .split(';')
    .map((each) => each.replace(/\s+/g, ' ').trim())
    .filter((each) => each !== '');
  return { statements, bodies };
}

const madeTable = /^create (?:unlogged )?table (?:if not exists )?"?(\w+)/i;
const index = /^create (?:unique )?index (concurrently )?(?:if not exists )?(?:"?\w+"? )??on (?:only )?"?(\w+)/i;
const rebuilt = /^(?:reindex|cluster|vacuum full)\b/i;
const alteration = /^alter table (?:if exists )?(?:only )?"?(\w+)"? (.*)$/i;
/** An index that an ALTER TABLE builds, unless it takes one that is there. */
const indexOfConstraint =
  /\badd (?:constraint "?\w+"? )?(?:unique|primary key|exclude)\b(?! (?:nulls not distinct )?using index)|\badd column [^,]*\b(?:unique|primary key)\b/i;
const limit = /^set local lock_timeout (?:=|to) '?(\d+)\s*(ms|s)?'?$/i;

/** The tables that a migration makes. */
export function tablesMade(sql: string): string[] {
  return statementsOf(sql).statements.flatMap((statement) => madeTable.exec(statement)?.[1]?.toLowerCase() ?? []);
}

/** Waits for a lock longer than this hold up all who ask after it. */
const longestWaitMs = 10_000;

/**
 * Why a migration could block a table that has grown: it builds an index on one that it does not make itself, and sets
 * no limit for the wait, or has the lock of an altered table meanwhile, which keeps everybody from reading that. Migrations
 * are transactions, in which `CONCURRENTLY` is not possible, and locks are kept to the end. `isNew` are tables that the
 * upgrade makes itself, and that so have no rows yet.
 */
export function longLocks(sql: string, isNew: ReadonlySet<string> = new Set()): string[] {
  const made = new Set(isNew);
  const altered = new Set<string>();
  const found: string[] = [];
  let isLimited = false;
  const { statements, bodies } = statementsOf(sql);
  for (const statement of statements) {
    const [, amount, unit = 'ms'] = limit.exec(statement) ?? [];
    if (amount !== undefined) {
      const ms = Number(amount) * (unit === 's' ? 1_000 : 1);
      isLimited = ms > 0 && ms <= longestWaitMs;
    }
    const table = madeTable.exec(statement)?.[1];
    if (table) made.add(table.toLowerCase());
    const [isIndex, concurrently, indexed] = index.exec(statement) ?? [];
    const [, changedTable, change = ''] = alteration.exec(statement) ?? [];
    const on = indexed ?? (indexOfConstraint.test(change) ? changedTable : undefined);
    if (concurrently) found.push(`${statement}: a migration is a transaction, and CONCURRENTLY cannot run in one`);
    else if (isIndex && on === undefined) found.push(`${statement}: this index cannot be judged`);
    else if (rebuilt.test(statement) || (on !== undefined && !made.has(on.toLowerCase()) && !isLimited))
      found.push(`${statement}: it waits for its lock without a limit`);
    else if (on !== undefined && !made.has(on.toLowerCase()) && altered.size > 0)
      found.push(`${statement}: nobody reads ${[...altered].join(', ')} while it is built`);
    if (changedTable && !made.has(changedTable.toLowerCase())) altered.add(changedTable.toLowerCase());
  }
  for (const body of bodies)
    if (/\b(?:create\s+(?:unique\s+)?index|reindex)\b/i.test(body))
      found.push('an index in a DO block or function cannot be judged');
  return found;
}
