/**
 * The simulated Yahoo Finance. Paths, answers and headers are those of recorded answers; hosts become path prefixes:
 * query1, query2 and finance.yahoo.com are the source's base URL, `fc.yahoo.com` is its root, `guce` and `consent` keep
 * their paths.
 */
import { type Answer, html, json, type Request, redirect, text } from '../answer.ts';
import type { RequestKind } from '../control.ts';
import type { SimSource, Simulation, Simulator } from '../simulator.ts';
import { chartOf, readChartRequest } from './chart.ts';
import { withChartFaults } from './chart-faults.ts';
import { driftedChart, driftedQuote, hundredfoldChart, hundredfoldQuote } from './faults.ts';
import type { ListWorld } from './list-world.ts';
import { inventedListing, inventedSymbol } from './listings.ts';
import { listAnswer } from './lists.ts';
import type { SimMarket } from './market.ts';
import { searchNews } from './news.ts';
import { optionChainOf } from './options.ts';
import { pricesOf } from './prices.ts';
import { type PriceOverride, quoteOf, typeDisplay } from './quote.ts';
import { sessionsOf } from './session.ts';
import { summaryOf } from './summary.ts';
import { timeseriesOf } from './timeseries.ts';
import { allInstruments, instrumentOf, type SimInstrument } from './universe.ts';

const source = 'yahoo';

/** Yahoo Finance, simulated. */
export const simulator: Simulator = {
  start: simulateYahoo,
  faults: { drift: 'schema_drift', unit: 'implausible', stale: 'stale', expired: 'auth_expired' },
};

const dataHeaders = { 'cache-control': 'public, max-age=1, stale-while-revalidate=9', vary: 'Origin,Accept-Encoding' };

function simulateYahoo(options: Simulation): SimSource {
  const { seed, alwaysOpen, control, now, listings } = options;
  const market: SimMarket = { seed, alwaysOpen, priceOf: pricesOf(seed) };
  const sessions = sessionsOf(seed);
  const find = (symbol: string) => instrumentOf(symbol) ?? inventedListing(seed, listings, symbol);

  function sessionOf(request: Request, kind: RequestKind) {
    if (control.hit('expired', source, kind) !== undefined) return null;
    const session = sessions.read(request.headers['cookie']);
    if (session === null) return null;
    return control.hit('consent', source, kind) !== undefined && !session.consented ? null : session;
  }

  function quotes(request: Request): Answer {
    const session = sessionOf(request, 'quote');
    if (session === null || request.query.get('crumb') !== sessions.crumbOf(session.value))
      return unauthorized('Invalid Crumb');
    const symbols = (request.query.get('symbols') ?? '')
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean);
    if (symbols.length === 0) {
      const error = { code: 'argument-error', description: 'Missing value for the "symbols" argument' };
      return json(400, { quoteResponse: { result: null, error } }, dataHeaders);
    }
    const fields = new Set((request.query.get('fields') ?? '').split(',').filter(Boolean));
    const seen = new Map<string, SimInstrument>();
    for (const symbol of symbols) {
      const instrument = find(symbol);
      if (instrument !== undefined) seen.set(instrument.symbol, instrument);
    }
    const result = [...seen.values()].map((instrument) => quoteWithFaults(instrument, fields));
    return json(200, { quoteResponse: { result, error: null } }, dataHeaders);
  }

  function quoteWithFaults(instrument: SimInstrument, fields: ReadonlySet<string>): Record<string, unknown> {
    const { symbol } = instrument;
    const wanted = control.hit('price', source, 'quote', symbol);
    const override: PriceOverride | undefined =
      wanted?.price === undefined
        ? undefined
        : { price: wanted.price, ...(wanted.asOf === undefined ? {} : { asOf: Date.parse(wanted.asOf) }) };
    const age = control.hit('stale', source, 'quote', symbol)?.ageMs ?? 0;
    let quote = quoteOf(market, instrument, now() - age, fields, override);
    if (control.hit('unit', source, 'quote', symbol) !== undefined) quote = hundredfoldQuote(quote);
    if (control.hit('drift', source, 'quote', symbol) !== undefined) quote = driftedQuote(quote);
    return quote;
  }

  function chart(request: Request): Answer {
    const symbol = decodeURIComponent(request.path.slice('/v8/finance/chart/'.length));
    const headers = { ...dataHeaders, 'cache-control': 'public, max-age=10, stale-while-revalidate=20' };
    const failed = (status: number, code: string, description: string) =>
      json(status, { chart: { result: null, error: { code, description } } }, headers);
    const instrument = find(symbol);
    if (instrument === undefined) return failed(404, 'Not Found', 'No data found, symbol may be delisted');
    const at = now() - (control.hit('stale', source, 'chart', symbol)?.ageMs ?? 0);
    const wanted = readChartRequest(request.query, at, instrument.exchange);
    if ('status' in wanted) return failed(wanted.status, wanted.code, wanted.description);
    const of = { instrument, interval: wanted.interval, now: at };
    let result = chartOf(market, instrument, wanted, at, (rows) => withChartFaults(rows, of, control));
    if (control.hit('unit', source, 'chart', symbol) !== undefined) result = hundredfoldChart(result);
    if (control.hit('drift', source, 'chart', symbol) !== undefined) result = driftedChart(result);
    return json(200, { chart: { result: [result], error: null } }, headers);
  }

  function summary(request: Request): Answer {
    const session = sessionOf(request, 'quote');
    if (session === null || request.query.get('crumb') !== sessions.crumbOf(session.value))
      return unauthorized('Invalid Crumb');
    const symbol = decodeURIComponent(request.path.slice(summaryPath.length));
    const failed = (status: number, code: string, description: string) =>
      json(status, { quoteSummary: { result: null, error: { code, description } } }, dataHeaders);
    const instrument = find(symbol);
    if (instrument === undefined)
      return failed(404, 'Not Found', `Quote not found for symbol: ${symbol.toUpperCase()}`);
    const modules = (request.query.get('modules') ?? '').split(',').filter(Boolean);
    if (modules.length === 0) return failed(400, 'Bad Request', 'Missing required query parameter=modules');
    const quote = quoteWithFaults(instrument, new Set());
    const formatted = request.query.get('formatted') !== 'false';
    const result = summaryOf(market, instrument, quote, { modules, formatted }, now());
    return result === null
      ? failed(404, 'Not Found', `No fundamentals data found for symbol: ${instrument.symbol}`)
      : json(200, { quoteSummary: { result: [result], error: null } }, dataHeaders);
  }

  function timeseries(request: Request): Answer {
    const symbol = decodeURIComponent(request.path.slice(timeseriesPath.length)).toUpperCase();
    const types = request.query.getAll('type').flatMap((each) => each.split(',').filter(Boolean));
    const instrument = find(symbol);
    const [from, to] = ['period1', 'period2'].map((name) => Number(request.query.get(name) ?? Number.NaN) * 1000);
    const asked = {
      types,
      from: Number.isFinite(from) ? Number(from) : 0,
      to: Number.isFinite(to) ? Number(to) : now(),
    };
    const result = instrument
      ? timeseriesOf(market, instrument, asked, now())
      : types.map((type) => ({ meta: { symbol: [symbol], type: [type] } }));
    return json(200, { timeseries: { result, error: null } }, dataHeaders);
  }

  function optionChain(request: Request): Answer {
    const session = sessionOf(request, 'other');
    if (session === null || request.query.get('crumb') !== sessions.crumbOf(session.value))
      return unauthorized('Invalid Crumb');
    const instrument = find(decodeURIComponent(request.path.slice(optionsPath.length)));
    const date = request.query.get('date');
    const result = instrument
      ? [
          optionChainOf(
            market,
            instrument,
            quoteWithFaults(instrument, new Set()),
            date === null ? null : Number(date),
            now(),
          ),
        ]
      : [];
    return json(200, { optionChain: { result, error: null } }, dataHeaders);
  }

  const lists: ListWorld = {
    market,
    now,
    find,
    all: allInstruments(),
    quote: (instrument) => quoteWithFaults(instrument, new Set()),
  };

  function crumb(request: Request): Answer {
    const session = sessionOf(request, 'crumb');
    if (session === null) return unauthorized('Invalid Cookie');
    return text(200, sessions.crumbOf(session.value), {
      'cache-control': 'private, max-age=60, stale-while-revalidate=30',
    });
  }

  /** A page of finance.yahoo.com, or `fc.yahoo.com`, whose 404 is asked for its cookies alone. */
  function page(request: Request, status: number, body: string): Answer {
    const done = encodeURIComponent(`${request.base}${request.path}`);
    const consented = sessions.read(request.headers['cookie'])?.consented ?? false;
    if (!consented && control.hit('consent', source, 'session') !== undefined) {
      return redirect(307, `${request.base}/consent?brandType=nonEu&gcrumb=${seedText(4)}&done=${done}`, {
        'cache-control': 'no-store',
        'set-cookie': [`GUCS=${seedText(5)}; Max-Age=1800; Path=/`],
      });
    }
    return html(status, body, { 'cache-control': 'no-store', 'set-cookie': sessions.issue(consented) });
  }

  function consent(request: Request): Answer {
    const id = `3_cc-session_${seedText(12)}`;
    const session = request.query.get('sessionId') ?? '';
    switch (request.path) {
      case '/consent':
        return redirect(302, `${request.base}/v2/collectConsent?sessionId=${id}`);
      case '/copyConsent':
        return redirect(302, `${request.base}/quote/AAPL?guccounter=1`, {
          'set-cookie': [`GUC=${seedText(20)}; Max-Age=31536000; Path=/`, ...sessions.issue(true)],
        });
      default:
        if (request.method !== 'POST') return html(200, consentPage(request.base, session));
        if (!/(^|&)agree=agree(&|$)/.test(request.body)) return html(400, '<!doctype html><title>Yahoo</title>');
        return redirect(302, `${request.base}/copyConsent?sessionId=${encodeURIComponent(session)}&lang=en-GB`, {
          'set-cookie': [`CFC=${seedText(20)}; Max-Age=31536000; Path=/`],
        });
    }
  }

  /** Every instrument, made one after the other. */
  function* everything(): Generator<SimInstrument> {
    yield* allInstruments();
    for (let number = 1; number <= listings; number++) {
      const listing = inventedListing(seed, listings, inventedSymbol(number));
      if (listing) yield listing;
    }
  }

  function search(request: Request): Answer {
    const wanted = (request.query.get('q') ?? '').toLowerCase();
    const limit = Number(request.query.get('quotesCount') ?? 6);
    const found: SimInstrument[] = [];
    for (const each of wanted === '' ? [] : everything()) {
      if (found.length >= limit) break;
      const { symbol, longName } = each;
      if (symbol.toLowerCase().startsWith(wanted) || longName.toLowerCase().includes(wanted)) found.push(each);
    }
    const quotes = found.map((each, at) => ({
      exchange: each.exchange.code,
      shortname: each.shortName,
      quoteType: each.quoteType,
      symbol: each.symbol,
      index: 'quotes',
      score: 1_000_000 - at,
      typeDisp: typeDisplay[each.quoteType],
      longname: each.longName,
      exchDisp: each.exchange.fullName,
      isYahooFinance: true,
    }));
    return json(
      200,
      {
        explains: [],
        count: quotes.length,
        quotes,
        news: searchNews(market, found[0], Number(request.query.get('newsCount') ?? 0), now()),
        nav: [],
        lists: [],
        researchReports: [],
        screenerFieldResults: [],
        totalTime: 21,
        timeTakenForQuotes: 405,
        timeTakenForNews: 0,
        timeTakenForAlgowatchlist: 400,
        timeTakenForPredefinedScreener: 400,
        timeTakenForCrunchbase: 0,
        timeTakenForNav: 400,
        timeTakenForResearchReports: 0,
        timeTakenForScreenerField: 0,
        timeTakenForCulturalAssets: 0,
        timeTakenForSearchLists: 0,
      },
      dataHeaders,
    );
  }

  return {
    kindOf,
    answer(request) {
      switch (kindOf(request.path)) {
        case 'quote':
          return request.path.startsWith(summaryPath) ? summary(request) : quotes(request);
        case 'chart':
          return chart(request);
        case 'crumb':
          return crumb(request);
        case 'search':
          return search(request);
        case 'session':
          if (/^\/(consent|copyConsent|v2\/collectConsent)$/.test(request.path)) return consent(request);
          return request.path === '/'
            ? page(request, 404, '<!doctype html><title>Yahoo</title><p>Will be right back...')
            : page(request, 200, '<!doctype html><title>Yahoo Finance</title><p>Quote page of the simulated Yahoo.');
        default:
          if (request.path.startsWith(timeseriesPath)) return timeseries(request);
          if (request.path.startsWith(optionsPath)) return optionChain(request);
          return listAnswer(request, lists) ?? nothing();
      }
    },
  };
}

const timeseriesPath = '/ws/fundamentals-timeseries/v1/finance/timeseries/';
const summaryPath = '/v10/finance/quoteSummary/';
const optionsPath = '/v7/finance/options/';

function nothing(): Answer {
  return json(404, { finance: { result: null, error: { code: 'Not Found', description: 'HTTP 404 Not Found' } } });
}

function kindOf(path: string): RequestKind {
  if (path === '/v7/finance/quote' || path.startsWith(summaryPath)) return 'quote';
  if (path.startsWith('/v8/finance/chart/')) return 'chart';
  if (path === '/v1/test/getcrumb') return 'crumb';
  if (path === '/v1/finance/search') return 'search';
  if (path === '/' || /^\/(quote\/.+|consent|copyConsent|v2\/collectConsent)$/.test(path)) return 'session';
  return 'other';
}

function unauthorized(description: string): Answer {
  return json(401, { finance: { result: null, error: { code: 'Unauthorized', description } } });
}

/** A token that looks like Yahoo's; it is never read back. */
function seedText(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('base64url');
}

function consentPage(base: string, session: string): string {
  const safe = session.replaceAll(/[^A-Za-z0-9_-]/g, '');
  return `<!doctype html><html lang="en-GB"><title>Yahoo is part of the Yahoo family of brands</title>
<form method="post" class="consent-form" action="${base}/v2/collectConsent?sessionId=${safe}">
<input type="hidden" name="csrfToken" value="${seedText(5)}">
<input type="hidden" name="sessionId" value="${safe}">
<input type="hidden" name="originalDoneUrl" value="${base}/quote/AAPL?guccounter=1">
<input type="hidden" name="namespace" value="yahoo">
<button type="submit" name="agree" value="agree">Accept all</button>
<button type="submit" name="reject" value="reject">Reject all</button>
</form></html>`;
}
