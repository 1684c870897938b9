import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { storable } from '../../../core/adapters/postgres/database/array-literal.ts';
import type { RejectedRow } from '../../../core/prices/decision.ts';
import type { HeldRow } from './stored-rows.ts';

const otherCurrency = z.object({ code: z.literal('other_currency'), expected: z.string() });

/** Longest text that quarantine keeps. */
const longestText = 500;

/** What became of the rows of a batch in quarantine: each is taken once by the row of the blob that it is. */
export class HeldRows {
  private readonly byPath = new Map<string, HeldRow[]>();
  private readonly rows: readonly HeldRow[];

  constructor(rows: readonly HeldRow[]) {
    this.rows = rows;
    for (const row of rows) this.byPath.set(row.path, [...(this.byPath.get(row.path) ?? []), row]);
  }

  /** Takes the row that says just this. Gives whether it was there. */
  take(row: RejectedRow): boolean {
    const waiting = this.byPath.get(kept(row.path)) ?? [];
    const index = waiting.findIndex((held) => isSame(held, row));
    if (index < 0) return false;
    waiting.splice(index, 1);
    return true;
  }

  /** Rows of this path and content that are not taken yet, whatever they are held back for. */
  of(path: string, row: RejectedRow['row']): readonly HeldRow[] {
    return (this.byPath.get(kept(path)) ?? []).filter((held) => isDeepStrictEqual(held.row, asJson(row)));
  }

  /** Bars and splits of a series that are not taken yet. */
  under(path: string): readonly HeldRow[] {
    const begins = [' at ', ' line ', ' split of '].map((word) => kept(path + word));
    return [...this.byPath].flatMap(([of, rows]) => (begins.some((each) => of.startsWith(each)) ? rows : []));
  }

  unknownSymbols(): Set<string> {
    return new Set(this.rows.flatMap(({ reason, symbol }) => (reason === 'unknown_listing' ? (symbol ?? []) : [])));
  }

  /** By symbol, the currency that its listing had when a row of it came in another one. */
  expectedCurrencies(): Map<string, string> {
    return new Map(
      this.rows.flatMap(({ symbol, finding }): [string, string][] => {
        const said = otherCurrency.safeParse(finding);
        return symbol !== null && said.success ? [[symbol, said.data.expected]] : [];
      }),
    );
  }

  left(): readonly HeldRow[] {
    return [...this.byPath.values()].flat();
  }
}

/** Whether a row in quarantine says just this. The text for people is not compared. */
export function isSame(held: HeldRow, row: RejectedRow): boolean {
  return (
    held.reason === row.reason &&
    held.path === kept(row.path) &&
    held.symbol === (row.symbol === null ? null : kept(row.symbol)) &&
    isDeepStrictEqual(held.finding, asJson(row.finding)) &&
    isDeepStrictEqual(held.row, asJson(row.row))
  );
}

function kept(text: string): string {
  return storable(text.slice(0, longestText));
}

/** As `jsonb` gives it back. */
function asJson(value: unknown): unknown {
  return z
    .unknown()
    .parse(
      JSON.parse(JSON.stringify(value, (_key, each: unknown) => (typeof each === 'string' ? storable(each) : each))),
    );
}
