import { randomUUID } from 'node:crypto';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import type { Random } from './random.ts';

/** A version of a price, and from when to when it was known. */
export interface Version {
  readonly listing: number;
  readonly source: string;
  readonly asOf: Date;
  readonly price: string;
  readonly previousClose?: string | null;
  readonly volume?: string | null;
  readonly from: Date;
  readonly to?: Date;
  /** Nothing agreed with it; since when something does. */
  readonly provisional?: boolean;
  readonly settledAt?: Date;
}

/** What a finding says of a price. */
export interface OnVersion {
  readonly of: Pick<Version, 'listing' | 'source' | 'asOf' | 'price'>;
  readonly status: 'open' | 'accepted' | 'dismissed' | 'gone';
  readonly severity?: 'wrong' | 'doubtful';
  readonly openedAt: Date;
  readonly closedAt?: Date;
  readonly to?: string;
  readonly witness?: string;
}

/** Stores versions as ingest leaves them: the last one of each key as it stands, the others as revisions, the newest as latest. */
export async function keepVersions(pool: Pool, versions: readonly Version[]): Promise<void> {
  const batch = await pool.query(
    `INSERT INTO batch (blob_key, parser_version, run_id, part, attempt, source_id, kind, written, first_reading)
     VALUES ($1, 'yahoo-7', $2, 0, 1, 'yahoo', 'quotes', 1, true) RETURNING id`,
    [`raw/yahoo/${randomUUID()}`, randomUUID()],
  );
  const stored =
    'listing_id, source, as_of, price, previous_close, volume, currency, session, as_of_basis, fetched_at, ingested_at, batch_id, settled_at';
  const columnsOf = (rows: readonly Version[]) => [
    rows.map((row) => row.listing),
    rows.map((row) => row.source),
    rows.map((row) => row.asOf.toISOString()),
    rows.map((row) => row.price),
    rows.map((row) => (row.previousClose === undefined ? '99.50' : row.previousClose)),
    rows.map((row) => (row.volume === undefined ? '1200' : row.volume)),
    rows.map((row) => row.from.toISOString()),
    rows.map((row) => (row.provisional ? (row.settledAt?.toISOString() ?? 'infinity') : null)),
    rows.map((row) => row.to?.toISOString() ?? null),
    batch.rows[0]?.id,
  ];
  const given = `SELECT l, s, a, p, c, v, 'USD', 'regular', 'exchange', f - interval '3 seconds', f + interval '123 microseconds', $10::bigint, x`;
  const from = `FROM unnest($1::int[], $2::text[], $3::timestamptz[], $4::numeric[], $5::numeric[], $6::numeric[], $7::timestamptz[], $8::timestamptz[], $9::timestamptz[])
    AS t (l, s, a, p, c, v, f, x, k)`;
  await pool.query(`INSERT INTO quote (${stored}) ${given} ${from}`, columnsOf(versions.filter((row) => !row.to)));
  await pool.query(
    `INSERT INTO quote_revision (${stored}, minor_factor, change, change_fraction, known_to)
     ${given}, 1, p - c, round((p - c) / nullif(c, 0), 10), k + interval '123 microseconds' ${from}`,
    columnsOf(versions.filter((row) => row.to)),
  );
  await pool.query(
    `INSERT INTO latest_quote (listing_id, source, as_of, price, previous_close, volume, currency, minor_factor, session, as_of_basis,
                               fetched_at, ingested_at, batch_id, confirmed_at)
     SELECT DISTINCT ON (listing_id, source) listing_id, source, as_of, price, previous_close, volume, currency, minor_factor, session,
            as_of_basis, fetched_at, ingested_at, batch_id, fetched_at FROM quote ORDER BY listing_id, source, as_of DESC
     ON CONFLICT (listing_id, source) DO UPDATE SET as_of = excluded.as_of, price = excluded.price`,
  );
  // Months of before the database was made get their partitions.
  await pool.query('SELECT maintain_quote_partitions(now())');
}

export async function keepFindings(pool: Pool, findings: readonly OnVersion[]): Promise<void> {
  for (const { of, status, severity = 'wrong', openedAt, closedAt, to, witness } of findings)
    await pool.query(
      `INSERT INTO finding (listing_id, source, row_key, rule, severity, kind, at, said, evidence, proposal, status, opened_at, closed_at, batch_id)
       VALUES ($1, $2, $3, 'scale', $4, 'quote', $5, $6, $7, $8, $9, $10, $11, 1)`,
      [
        of.listing,
        of.source,
        `${of.asOf.toISOString()} ${of.price}`,
        severity,
        of.asOf,
        of.price,
        JSON.stringify({ witness: witness ?? 'last_bar' }),
        to === undefined ? null : JSON.stringify({ field: 'price', from: of.price, to }),
        status,
        openedAt,
        closedAt ?? null,
      ],
    );
}

const hour = 3_600_000;

/** A history at random: prices of some months, a part of them corrected, doubted or repaired. */
export function randomHistory(
  random: Random,
  of: { readonly from: Date; readonly days: number; readonly listings: number; readonly rows: number },
): { readonly versions: readonly Version[]; readonly findings: readonly OnVersion[] } {
  const versions = new Map<string, Version[]>();
  const findings: OnVersion[] = [];
  const decimal = () =>
    random.pick([
      () => (random.between(1, 50_000) / 100).toFixed(2),
      () => String(random.between(1, 900)),
      () => `${random.between(0, 9)}.${String(random.between(1, 999_999)).padStart(12, '0')}`,
      () => `${random.between(1, 9)}.${'0'.repeat(20)}${random.between(1, 9)}`,
      () => `${random.between(1, 90)}.50`,
    ])?.() ?? '1';
  for (let count = 0; count < of.rows; count++) {
    const listing = random.between(1, of.listings);
    const source = random.pick(['coingecko', 'stooq', 'yahoo']) ?? 'yahoo';
    const asOf = new Date(of.from.getTime() + random.between(0, of.days * 24 * 60) * 60_000);
    const key = `${listing} ${source} ${asOf.getTime()}`;
    if (versions.has(key)) continue;
    let from = new Date(asOf.getTime() + random.between(1, 600) * 1_000);
    const ofKey: Version[] = [];
    const corrections = random.chance(0.2) ? random.between(1, 3) : 0;
    for (let at = 0; at <= corrections; at++) {
      const to = at === corrections ? undefined : new Date(from.getTime() + random.between(1, 500) * hour);
      const settled = random.chance(0.5) ? { settledAt: new Date(from.getTime() + random.between(1, 50) * hour) } : {};
      const version: Version = {
        ...{ listing, source, asOf, price: decimal(), from },
        previousClose: random.chance(0.9) ? decimal() : random.chance(0.5) ? '0' : null,
        volume: random.chance(0.9) ? String(random.between(0, 1e9)) : null,
        ...(random.chance(0.1) ? { provisional: true, ...settled } : {}),
        ...(to && { to }),
      };
      ofKey.push(version);
      if (random.chance(0.05)) {
        const status = random.pick(['open', 'accepted', 'dismissed', 'gone'] as const) ?? 'open';
        const openedAt = new Date(from.getTime() + random.between(0, 20) * hour);
        findings.push({
          ...{ of: version, status, openedAt },
          severity: random.chance(0.8) ? 'wrong' : 'doubtful',
          ...(status === 'open' ? {} : { closedAt: new Date(openedAt.getTime() + random.between(1, 200) * hour) }),
          ...(random.chance(0.6) ? { to: decimal(), witness: random.chance(0.3) ? 'previous_close' : 'last_bar' } : {}),
        });
      }
      if (to) from = to;
    }
    versions.set(key, ofKey);
  }
  return { versions: [...versions.values()].flat(), findings };
}
