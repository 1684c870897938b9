import { Decimal } from 'decimal.js';
import type { RankOf } from '../../../core/adapters/postgres/prices/decide.ts';
import { dateInZone } from '../../../core/market/zoned-date.ts';
import {
  type Accepted,
  acceptedBars,
  acceptedQuotes,
  type BarRow,
  newestOf,
  ofListingAndSource,
  type QuoteRow,
  wrongQuotes,
} from './accepted-rows.ts';
import type { BatchReading } from './batch-readings.ts';
import { decisionBreaches } from './decisions.ts';
import { plain, type StoredAction, type StoredMember, type StoredRows } from './stored-rows.ts';
import { formerBreaches, type Version, winnerBreaches } from './winners.ts';

/** Quotes, latest rows, decisions, bars, corporate actions and constituents, against what the blobs say. */
export function priceBreaches(stored: StoredRows, readings: readonly BatchReading[], rankOf: RankOf): string[] {
  const quotes = readings.flatMap(acceptedQuotes);
  const wrong = readings.flatMap(wrongQuotes);
  const all = [...quotes, ...wrong];
  const dismissed = new Set(stored.quoteFindings.filter(({ status }) => status === 'dismissed').map(rowOfFinding));
  const served = [...quotes, ...wrong.filter((row) => dismissed.has(rowOf(row)))];
  const bars = readings.flatMap(acceptedBars);
  return [
    ...winnerBreaches('quote', all.map(quoteVersion), stored.quotes.map(quoteVersion)),
    ...formerBreaches('quote', all.map(quoteVersion), stored.quoteRevisions.map(withIngest(quoteVersion))),
    ...latestBreaches(stored, served),
    ...decisionBreaches(stored, served, bars, rankOf),
    ...winnerBreaches('bar', bars.map(barVersion), stored.bars.map(barVersion)),
    ...formerBreaches('bar', bars.map(barVersion), stored.barRevisions.map(withIngest(barVersion))),
    ...winnerBreaches('corporate action', readings.flatMap(acceptedActions), stored.actions.map(actionVersion)),
    ...memberBreaches(stored, readings),
  ];
}

function withIngest<Row>(versionOf: (row: Row) => Version) {
  return (row: Row & { ingestedAt: string }) => ({ ...versionOf(row), ingestedAt: row.ingestedAt });
}

function quoteVersion(row: QuoteRow): Version {
  return {
    key: `${row.listingId} ${row.source} ${new Date(row.asOf).toISOString()}`,
    content: quoteContent(row),
    fetchedAt: row.fetchedAt,
    batchId: row.batchId,
  };
}

function quoteContent(row: QuoteRow): string {
  return JSON.stringify([
    row.price,
    row.previousClose,
    row.bid,
    row.ask,
    row.volume,
    row.currency,
    row.minorFactor,
    row.session,
    row.delaySeconds,
    row.asOfBasis,
  ]);
}

function rowOf({ listingId, source, asOf, price }: QuoteRow): string {
  return `${listingId} ${source} ${asOf} ${price}`;
}

function rowOfFinding({ listingId, source, at, said }: StoredRows['quoteFindings'][number]): string {
  return `${listingId} ${source} ${at} ${said}`;
}

function latestBreaches(stored: StoredRows, accepted: readonly Accepted<QuoteRow>[]): string[] {
  const newest = [...ofListingAndSource(accepted).values()].flatMap(newestOf);
  const confirmed = new Map(
    [...ofListingAndSource(newest)].map(([key, rows]) => [key, Math.max(...rows.map((row) => row.fetchedAt))]),
  );
  const doubted = new Set(
    stored.quoteFindings.filter(({ status }) => status === 'open' || status === 'accepted').map(rowOfFinding),
  );
  return [
    ...stored.latest
      .filter((row) => doubted.has(rowOf(row)))
      .map((row) => `latest ${row.listingId} ${row.source}: a finding calls it wrong`),
    ...winnerBreaches('latest', newest.map(quoteVersion), stored.latest.map(quoteVersion)),
    ...stored.latest.flatMap((row) => {
      const last = confirmed.get(`${row.listingId} ${row.source}`);
      return last === undefined || last === row.confirmedAt
        ? []
        : [`latest ${row.listingId} ${row.source}: confirmed ${row.confirmedAt}, the last fetch was ${last}`];
    }),
  ];
}

function barVersion(row: BarRow): Version {
  return {
    key: `${row.listingId} ${row.source} ${row.interval} ${new Date(row.startsAt).toISOString()}`,
    content: JSON.stringify([
      row.date,
      row.open,
      row.high,
      row.low,
      row.close,
      row.volume,
      row.currency,
      row.minorFactor,
      row.basis,
    ]),
    fetchedAt: row.fetchedAt,
    batchId: row.batchId,
  };
}

function acceptedActions({ batch, bars }: BatchReading): Version[] {
  // Of several series of a listing in a batch the last one's word counts.
  const byKey = new Map(
    bars.flatMap(({ listing, actions, fetchedAt }) =>
      [...Map.groupBy(actions, ({ type, exDate }) => `${type} ${exDate}`).values()].flatMap(([action, ...others]) => {
        if (!action) return [];
        const row = { ...action, listingId: listing.id, source: batch.sourceId, knownAt: fetchedAt, batchId: batch.id };
        // Several payments of a day are stored in one sum.
        const amount = others
          .reduce((sum, each) => sum.add(each.amount ?? 0), new Decimal(action.amount ?? 0))
          .toFixed();
        const version = actionVersion({
          ...row,
          ratio: plain(action.ratio),
          amount: plain(action.amount === null ? null : amount),
        });
        return [[version.key, version] as const];
      }),
    ),
  );
  return [...byKey.values()];
}

function actionVersion(row: StoredAction): Version {
  return {
    key: `${row.listingId} ${row.source} ${row.type} ${row.exDate}`,
    content: JSON.stringify([row.ratio, row.amount, row.currency]),
    fetchedAt: row.knownAt,
    batchId: row.batchId,
  };
}

/** Of a day the last fetch counts, with all its members and no others. What an earlier fetch said alike is left as it was. */
function memberBreaches(stored: StoredRows, readings: readonly BatchReading[]): string[] {
  const snapshots = readings.flatMap(({ batch, snapshots: of }) =>
    of.map(({ index, fetchedAt, members }) => {
      const day = { indexId: index.id, source: batch.sourceId, date: dateInZone(fetchedAt, index.zone) };
      const rows = members.map((member) =>
        memberVersion({
          ...member,
          ...day,
          listingId: member.listing.id,
          weight: plain(member.weight),
          price: plain(member.price),
          previousClose: plain(member.previousClose),
          currency: member.listing.currency,
          fetchedAt,
          batchId: batch.id,
        }),
      );
      return { day: `${day.indexId} ${day.source} ${day.date}`, fetchedAt, rows };
    }),
  );
  const last = [...Map.groupBy(snapshots, ({ day }) => day).values()].map((ofDay) =>
    ofDay.reduce((a, b) => (b.fetchedAt > a.fetchedAt ? b : a)),
  );
  const wanted = new Set(last.flatMap(({ rows }) => rows.map(({ key }) => key)));
  const brought = snapshots.flatMap(({ rows }) => rows);
  return [
    ...winnerBreaches(
      'constituent',
      brought.filter(({ key }) => wanted.has(key)),
      stored.members.map(memberVersion),
    ),
    ...formerBreaches('constituent', brought, stored.memberRevisions.map(withIngest(memberVersion))),
  ];
}

function memberVersion(row: Omit<StoredMember, 'ingestedAt'>): Version {
  return {
    key: `${row.indexId} ${row.source} ${row.date} ${row.listingId}`,
    content: JSON.stringify([row.rank, row.weight, row.price, row.previousClose, row.currency]),
    fetchedAt: row.fetchedAt,
    batchId: row.batchId,
  };
}
