/**
 * Programs that the tests compare with, from their registries: the real clients of Yahoo Finance, and the package that
 * knows the exchanges' calendars. Each in a folder of `.quotron/clients` that is named after its versions and used again
 * by the next run. `npm test` installs them before the tests begin.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { root } from '../../localstack/state-folder.ts';
import { installedFromNpm, installedPython, run } from './install.ts';

const here = import.meta.dirname;
/** Both stand on pandas: one environment has it once. */
const requirements = [join(here, 'requirements.txt'), join(root, 'core/market/calendars/requirements.txt')];
const yahooFinance2 = 'yahoo-finance2@4.0.2';

const bars = z.array(z.object({ date: z.string(), close: z.number().nullable(), volume: z.number().nullable() }));

/** What `yfinance_client.py` prints. */
const yfinanceSchema = z.object({
  price: z.number(),
  currency: z.string(),
  name: z.string(),
  sector: z.string().nullable(),
  lastPrice: z.number(),
  history: bars,
});

/** What `yahoo-finance2-client.mjs` prints. */
const yahooFinance2Schema = z.object({
  price: z.number(),
  currency: z.string(),
  symbols: z.array(z.string()),
  summaryPrice: z.number(),
  found: z.array(z.string()),
  history: bars,
});

/** What `yahoo-finance2-history.mjs` prints. */
const yahooFinance2HistorySchema = z.object({
  price: z.number().nullable(),
  splits: z.array(z.number()),
  history: z.array(z.object({ date: z.string(), close: z.number().nullable(), adjusted: z.number().nullable() })),
});

/** A Python of its own with yfinance and exchange_calendars (PyPI). Gives its path. */
export async function installPython(): Promise<string> {
  return join(await installedPython('python', requirements, 'yfinance and exchange_calendars'), 'bin', 'python');
}

/** Gives what a program prints that reads with yfinance, in a cache of its own for its cookies and time zones. */
async function readInCache<S extends z.ZodType>(
  schema: S,
  read: (cache: string) => Promise<string>,
): Promise<z.output<S>> {
  const cache = mkdtempSync(join(tmpdir(), 'quotron-yfinance-'));
  try {
    return schema.parse(JSON.parse(await read(cache)));
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

/** A script of this folder that reads with yfinance (PyPI), installed. */
async function installScript<S extends z.ZodType>(script: string, schema: S) {
  const python = await installPython();
  return (base: string, ...args: readonly string[]) =>
    readInCache(schema, (cache) =>
      run(python, ['-W', 'ignore', join(here, script), base, cache, ...args], 'yfinance failed'),
    );
}

/** yfinance, installed. `base` is what stands in place of Yahoo's hosts, with the key in its path. */
export async function installYfinance() {
  const read = await installScript('yfinance_client.py', yfinanceSchema);
  return (base: string, symbol: string) => read(base, symbol);
}

/** What `yfinance_history.py` prints. */
const historySchema = z.object({
  lastPrice: z.number(),
  currency: z.string(),
  history: z.array(
    z.object({
      date: z.string(),
      close: z.number(),
      adjusted: z.number(),
      dividend: z.number(),
      split: z.number(),
    }),
  ),
});

/** Five years of yfinance's history, with dividends and splits. `base` is what stands in place of Yahoo's hosts. */
export async function installYfinanceHistory() {
  const read = await installScript('yfinance_history.py', historySchema);
  return (base: string, symbol: string) => read(base, symbol);
}

/** What `yfinance_download.py` prints: closes by name, and what yfinance says of those that it has not. */
const downloadSchema = z.object({
  closes: z.record(z.string(), z.array(z.number())),
  failures: z.array(z.string()),
});

/** The names that a download has closes of. */
export function namesWithData({ closes }: z.output<typeof downloadSchema>): string[] {
  return Object.entries(closes).flatMap(([name, values]) => (values.length > 0 ? [name] : []));
}

/** yfinance's `download` of many names at once, with an empty cache. `base` is what stands in place of Yahoo's hosts. */
export async function installYfinanceDownload() {
  const read = await installScript('yfinance_download.py', downloadSchema);
  return (base: string, names: readonly string[]) => read(base, names.join(','));
}

/** yfinance as it is. `within` stands before the command; `ca` is the certificate that it trusts. */
export function unchangedYfinance(python: string, within: readonly string[]) {
  return (ca: string, symbol: string) =>
    readInCache(yfinanceSchema, (cache) => {
      const script = join(here, 'yfinance_unchanged.py');
      const [program = '', ...args] = [...within, python, '-W', 'ignore', script, cache, symbol];
      return run(program, args, 'yfinance failed', { env: { ...process.env, REQUESTS_CA_BUNDLE: ca } });
    });
}

/** What `yfinance_features.py` and `yahooquery_features.py` print: by feature, what it got or how it failed. */
export const featuresSchema = z.record(
  z.string(),
  z.union([z.strictObject({ got: z.unknown() }), z.strictObject({ failed: z.string() })]),
);

/** Everything that yfinance offers, for one symbol. `clock` is the time of what stands in place of Yahoo. */
export async function installYfinanceFeatures() {
  const read = await installScript('yfinance_features.py', featuresSchema);
  return (base: string, clock: string, symbol: string) => read(base, clock, symbol);
}

/** yahoo-finance2 (npm), installed. */
export async function installYahooFinance2() {
  const modules = await installedFromNpm(
    'yahoo-finance2',
    yahooFinance2,
    'yahoo-finance2 could not be installed from npm, so it cannot be tried through the proxy. Check the network or the registry',
  );
  const module = join(modules, 'yahoo-finance2', 'esm', 'src', 'index.js');
  const client = async (base: string, key: string, symbol: string) => {
    const said = await run(
      process.execPath,
      [join(here, 'yahoo-finance2-client.mjs'), module, base, key, symbol],
      'yahoo-finance2 failed',
    );
    return yahooFinance2Schema.parse(JSON.parse(said));
  };
  /** A quote, and a month of history, of what stands in place of Yahoo's hosts. */
  const history = async (base: string, symbol: string) => {
    const script = join(here, 'yahoo-finance2-history.mjs');
    const said = await run(process.execPath, [script, module, base, symbol], 'yahoo-finance2 failed');
    return yahooFinance2HistorySchema.parse(JSON.parse(said));
  };
  /** `modules`: the folder that a program of one's own can import it from. */
  return Object.assign(client, { modules, history });
}
