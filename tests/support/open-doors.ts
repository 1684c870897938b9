import type { Pool } from '../../core/adapters/postgres/database/pool.ts';

/** Makes the answer of `/instruments?query=LONGFORPAGE` one over 4 MB, which is given as a link. */
export const addLongName = (pool: Pool) =>
  pool.query(
    `WITH i AS (INSERT INTO instrument (asset_class, name) VALUES ('equity', repeat('ü', 3000000)) RETURNING id),
          l AS (INSERT INTO listing (instrument_id, mic, currency, zone) SELECT id, 'XNAS', 'USD', 'America/New_York' FROM i RETURNING id)
     INSERT INTO symbol_alias (namespace, symbol, listing_id) SELECT 'canonical', 'LONGFORPAGE', id FROM l`,
  );

/** Takes it back. */
export const shortenName = (pool: Pool) =>
  pool.query(
    `WITH gone AS (DELETE FROM symbol_alias WHERE symbol = 'LONGFORPAGE')
     UPDATE instrument SET name = 'Long for the page' WHERE length(name) > 100000`,
  );

/** A call of AWS that a link must not lend its key to. */
export const listSecrets = {
  'x-amz-target': 'secretsmanager.ListSecrets',
  'content-type': 'application/x-amz-json-1.1',
};

/** Claims to be signed with a key. */
export const signedWith = (accessKeyId: string) =>
  `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20261129/us-east-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=00`;
