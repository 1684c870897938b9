import { type DecimalText, difference, fraction } from '../../market/decimal.ts';
import { asOfBases, sessions } from '../../market/quote.ts';
import type { KnownQuote } from '../../market/stored-quote.ts';
import { type ArchivedQuote, instantOf, type Microseconds } from './archived-quote.ts';
import { sameNumber } from './late-rows.ts';

/** What a finding says of a price: that it is wrong, or what it should be. */
export interface FindingOnQuote {
  readonly id: string;
  readonly listingId: number;
  readonly source: string;
  readonly at: Microseconds;
  readonly said: DecimalText;
  readonly isWrong: boolean;
  readonly status: string;
  readonly openedAt: Microseconds;
  readonly closedAt: Microseconds | null;
  /** The price of its proposal, where it proposes one, and whether the previous close is what it is right by. */
  readonly proposed: DecimalText | null;
  readonly byPreviousClose: boolean;
}

/** How rows of the past are asked for; see `HistoryReader`. */
export interface AsKnown {
  readonly knownAt: Microseconds | null;
  readonly revisions: boolean;
  readonly raw: boolean;
  readonly repaired: boolean;
  /** Whether each says if nothing had agreed with it by `knownAt`. */
  readonly tellsProvisional?: boolean;
}

/** The findings of a price, by its market time. */
export type FindingsOf = (row: ArchivedQuote) => readonly FindingOnQuote[];

/** Findings, to be asked for by row. */
export function findingsByRow(findings: readonly FindingOnQuote[]): FindingsOf {
  const keyOf = (listingId: number, source: string, at: Microseconds) => `${listingId} ${source} ${at}`;
  const byKey = Map.groupBy(findings, (each) => keyOf(each.listingId, each.source, each.at));
  return (row) =>
    (byKey.get(keyOf(row.listingId, row.source, row.asOf)) ?? []).filter(({ said }) => sameNumber(said, row.price));
}

/** Whether a finding calls a price wrong by now. */
export function isWrongByNow(findings: readonly FindingOnQuote[]): boolean {
  return wasWrong(findings, null);
}

/** The same as it was known at an instant; where that is `null`, by now. */
function wasWrong(findings: readonly FindingOnQuote[], at: Microseconds | null): boolean {
  return findings.some(
    ({ isWrong, status, openedAt, closedAt }) =>
      isWrong &&
      (at === null || openedAt <= at) &&
      (status === 'open' || status === 'accepted' || (at !== null && closedAt !== null && closedAt > at)),
  );
}

/** Of versions of prices, those that an answer has, each as it gives them: as the database's own history does. */
export function asKnown(rows: readonly ArchivedQuote[], of: AsKnown, findingsOf: FindingsOf): KnownQuote[] {
  return rows.flatMap((row) => {
    if (of.knownAt === null) {
      if (row.knownTo !== null && !of.revisions) return [];
    } else if (row.ingestedAt > of.knownAt || (row.knownTo !== null && row.knownTo <= of.knownAt)) return [];
    const findings = findingsOf(row);
    const proposal = of.repaired ? acceptedOf(findings, of.knownAt) : undefined;
    if (!of.raw && proposal === undefined && wasWrong(findings, of.knownAt)) return [];
    const provisional = of.tellsProvisional === true && of.knownAt !== null ? wasProvisional(row, of.knownAt) : null;
    return [viewOf(row, proposal, provisional)];
  });
}

/** The first proposal of a price that was accepted by an instant; where that is `null`, by now. */
function acceptedOf(findings: readonly FindingOnQuote[], at: Microseconds | null): FindingOnQuote | undefined {
  return findings
    .filter(
      ({ status, proposed, closedAt }) =>
        status === 'accepted' && proposed !== null && (at === null || (closedAt !== null && closedAt <= at)),
    )
    .toSorted((a, b) => Number(a.id) - Number(b.id))[0];
}

function wasProvisional({ wasProvisional: stored, settledAt }: ArchivedQuote, at: Microseconds): boolean {
  return stored && (settledAt === null || settledAt > at);
}

function viewOf(row: ArchivedQuote, proposal: FindingOnQuote | undefined, provisional: boolean | null): KnownQuote {
  const price = proposal?.proposed ?? row.price;
  const previousClose = proposal && !proposal.byPreviousClose ? null : row.previousClose;
  const change = previousClose === null ? null : difference(price, previousClose);
  // A share of a price below zero says nothing; the database leaves it out, too.
  const isShare = previousClose !== null && (proposal !== undefined || Number(previousClose) > 0);
  const knownFrom = instantOf(row.ingestedAt);
  return {
    source: row.source,
    asOf: new Date(Math.floor(row.asOf / 1_000)),
    price,
    previousClose,
    change,
    changeFraction: isShare && change !== null ? fraction(change, previousClose) : null,
    bid: proposal ? null : row.bid,
    ask: proposal ? null : row.ask,
    volume: row.volume,
    currency: row.currency,
    minorFactor: row.minorFactor,
    session: sessions.find((each) => each === row.session) ?? null,
    delaySeconds: row.delaySeconds,
    asOfBasis: asOfBases.find((each) => each === row.asOfBasis) ?? 'fetched',
    fetchedAt: new Date(Math.floor(row.fetchedAt / 1_000)),
    ingestedAt: knownFrom,
    confirmedAt: null,
    provisional,
    nameDoubted: null,
    batchId: row.batchId,
    runId: row.runId,
    part: row.part,
    attempt: row.attempt,
    blobKey: row.blobKey,
    parserVersion: row.parserVersion,
    knownFrom,
    knownTo: row.knownTo === null ? null : instantOf(row.knownTo),
    repairedBy: proposal?.id ?? null,
  };
}
