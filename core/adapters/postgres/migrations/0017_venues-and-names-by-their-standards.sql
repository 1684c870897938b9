-- Up Migration

-- Venues that were stored under Yahoo's own codes get their MIC (core/sources/yahoo/exchanges.ts). Former releases store
-- and read any text here.
CREATE TEMPORARY TABLE yahoo_venue (code text PRIMARY KEY, mic text NOT NULL) ON COMMIT DROP;
INSERT INTO yahoo_venue VALUES
  ('NMS', 'XNAS'), ('NGM', 'XNAS'), ('NCM', 'XNAS'), ('NAS', 'XNAS'), ('NYQ', 'XNYS'), ('NYS', 'XNYS'),
  ('PCX', 'ARCX'), ('ASE', 'XASE'), ('BTS', 'BATS'), ('PNK', 'PINX'), ('OQB', 'OTCB'), ('OQX', 'OTCQ'),
  ('OEM', 'EXPM'), ('OPR', 'OPRA'), ('CMX', 'XCEC'), ('NYM', 'XNYM'), ('CME', 'XCME'), ('CBT', 'XCBT'),
  ('NYB', 'IFUS'), ('CBF', 'XCBF'), ('TOR', 'XTSE'), ('VAN', 'XTSX'), ('CNQ', 'XCNQ'), ('NEO', 'NEOE'),
  ('SAO', 'BVMF'), ('MEX', 'XMEX'), ('BUE', 'XBUE'), ('SGO', 'XSGO'), ('CCS', 'XCAR'), ('BVC', 'XBOG'),
  ('LSE', 'XLON'), ('IOB', 'XLON'), ('AQS', 'AQSE'), ('ISE', 'XDUB'), ('GER', 'XETR'), ('FRA', 'XFRA'),
  ('BER', 'XBER'), ('DUS', 'XDUS'), ('HAM', 'XHAM'), ('HAN', 'XHAN'), ('MUN', 'XMUN'), ('STU', 'XSTU'),
  ('PAR', 'XPAR'), ('AMS', 'XAMS'), ('BRU', 'XBRU'), ('LIS', 'XLIS'), ('MIL', 'XMIL'), ('TLO', 'ETLX'),
  ('MCE', 'XMAD'), ('EBS', 'XSWX'), ('VTX', 'XSWX'), ('VIE', 'XWBO'), ('WSE', 'XWAR'), ('PRA', 'XPRA'),
  ('BUD', 'XBUD'), ('ATH', 'XATH'), ('IST', 'XIST'), ('BVB', 'XBSE'), ('STO', 'XSTO'), ('CPH', 'XCSE'),
  ('OSL', 'XOSL'), ('HEL', 'XHEL'), ('ICE', 'XICE'), ('TAL', 'XTAL'), ('RIS', 'XRIS'), ('LIT', 'XLIT'),
  ('MCX', 'MISX'), ('JPX', 'XTKS'), ('TYO', 'XTKS'), ('OSA', 'XOSE'), ('FKA', 'XFKA'), ('SAP', 'XSAP'),
  ('HKG', 'XHKG'), ('SHH', 'XSHG'), ('SHZ', 'XSHE'), ('KSC', 'XKRX'), ('KOE', 'XKOS'), ('TAI', 'XTAI'),
  ('TWO', 'ROCO'), ('NSI', 'XNSE'), ('BSE', 'XBOM'), ('SES', 'XSES'), ('JKT', 'XIDX'), ('SET', 'XBKK'),
  ('KLS', 'XKLS'), ('PHS', 'XPHS'), ('VSE', 'XSTC'), ('ASX', 'XASX'), ('CXA', 'CHIA'), ('NZE', 'XNZE'),
  ('JNB', 'XJSE'), ('CAI', 'XCAI'), ('TLV', 'XTAE'), ('SAU', 'XSAU'), ('DOH', 'DSMD'), ('KUW', 'XKUW'),
  ('DFM', 'XDFM');

UPDATE listing l SET mic = v.mic FROM yahoo_venue v
WHERE l.mic = v.code
  AND NOT EXISTS (SELECT FROM listing o WHERE o.instrument_id = l.instrument_id AND o.mic = v.mic AND o.currency = l.currency)
  -- Of two codes of one venue (tiers of the Nasdaq) the first gets the MIC.
  AND NOT EXISTS (SELECT FROM listing o JOIN yahoo_venue w ON w.code = o.mic AND w.mic = v.mic
                  WHERE o.instrument_id = l.instrument_id AND o.currency = l.currency AND o.id < l.id);

-- Codes of venues that nobody knows. MICs have four characters, and all of Yahoo's codes have three.
UPDATE listing l SET mic = 'QUNK'
WHERE l.mic !~ '^[A-Z0-9]{4}$'
  AND NOT EXISTS (SELECT FROM listing o WHERE o.instrument_id = l.instrument_id AND o.currency = l.currency
                  AND (o.mic = 'QUNK' OR (o.mic !~ '^[A-Z0-9]{4}$' AND o.id < l.id)));

-- A pair against the dollar has its full name: JPY=X is USDJPY=X. Where both were registered, each stays as it is.
UPDATE symbol_alias a SET symbol = 'USD' || a.symbol
WHERE a.namespace = 'canonical' AND a.symbol ~ '^[A-Z]{3}=X$' AND a.symbol <> 'USD=X'
  AND NOT EXISTS (SELECT FROM symbol_alias o WHERE o.namespace = 'canonical' AND o.symbol = 'USD' || a.symbol);

-- Listings in a minor unit that was taken for a currency end: their prices are as many times too high. The next answer
-- registers the symbol again, in the major currency.
UPDATE symbol_alias a SET valid_to = current_date
FROM listing l
WHERE l.id = a.listing_id AND a.valid_to = 'infinity' AND a.valid_from < current_date
  AND (l.currency ~ '^[A-Z]{2}[a-z]$'
    OR l.currency IN ('ZAC', 'ZAX', 'ILX', 'USX', 'USC', 'EUX', 'EUC', 'KWF', 'BHF', 'JOF', 'IQF', 'OMB', 'TNM', 'CAX',
      'AUX', 'NZX', 'HKX', 'SGX', 'CHX'));
