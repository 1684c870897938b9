import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exchangeCodes, micOf } from '../../core/sources/yahoo/exchanges.ts';
import { root } from '../../localstack/state-folder.ts';
import { useWorld } from '../support/use-world.ts';

const migration = readFileSync(
  join(root, 'core/adapters/postgres/migrations/0017_venues-and-names-by-their-standards.sql'),
  'utf8',
);
const world = useWorld({ sources: [] });

/** Listings as former releases stored them: symbol, venue, currency. */
const stored = [
  ['ENEL.MI', 'MIL', 'EUR'],
  ['ODD.XX', 'QZX', 'EUR'],
  ['AAPL', 'XNAS', 'USD'],
  ['JPY=X', 'QFXS', 'JPY'],
  ['USDCHF=X', 'QFXS', 'CHF'],
  ['CHF=X', 'QFXS', 'CHF'],
  ['SUKX.KW', 'KUW', 'KWF'],
  ['ETH-BTC', 'QCRY', 'BTC'],
] as const;

it('stored listings get their MICs, full names and, where a minor unit was taken for a currency, an end', async () => {
  for (const [symbol, mic, currency] of stored)
    await world.pool.query(
      `WITH i AS (INSERT INTO instrument (asset_class) VALUES ('other') RETURNING id),
            l AS (INSERT INTO listing (instrument_id, mic, currency, zone) SELECT id, $2, $3, 'UTC' FROM i RETURNING id)
       INSERT INTO symbol_alias (namespace, symbol, listing_id) SELECT 'canonical', $1, id FROM l`,
      [symbol, mic, currency],
    );
  await world.pool.query(`BEGIN; ${migration}; COMMIT`);
  const { rows } = await world.pool.query(
    `SELECT a.symbol, l.mic, isfinite(a.valid_to) AS ended FROM symbol_alias a JOIN listing l ON l.id = a.listing_id
     ORDER BY l.id`,
  );
  expect(rows.map((row) => [row.symbol, row.mic, row.ended])).toEqual([
    ['ENEL.MI', 'XMIL', false],
    ['ODD.XX', 'QUNK', false],
    ['AAPL', 'XNAS', false],
    ['USDJPY=X', 'QFXS', false],
    ['USDCHF=X', 'QFXS', false],
    ['CHF=X', 'QFXS', false],
    ['SUKX.KW', 'XKUW', true],
    ['ETH-BTC', 'QCRY', false],
  ]);
});

it('an instrument with two codes of one venue does not stop the migration: the first gets the MIC', async () => {
  await world.pool.query(
    `WITH i AS (INSERT INTO instrument (asset_class) VALUES ('equity') RETURNING id)
     INSERT INTO listing (instrument_id, mic, currency, zone)
     SELECT id, mic, 'USD', 'UTC' FROM i, unnest('{NCM,NMS,QZX,QZY,ASE}'::text[]) WITH ORDINALITY AS t (mic, place) ORDER BY place`,
  );
  await world.pool.query(`BEGIN; ${migration}; COMMIT`);
  const { rows } = await world.pool.query('SELECT mic FROM listing ORDER BY id');
  // Of those that are left, one is of a venue that is not known: there is room for one.
  expect(rows.map(({ mic }) => mic)).toEqual(['XNAS', 'QUNK', 'QZX', 'QZY', 'XASE']);
});

it('knows every code that the parser knows', () => {
  for (const code of exchangeCodes)
    if (code !== micOf(code)) expect(migration).toContain(`('${code}', '${micOf(code)}')`);
});
