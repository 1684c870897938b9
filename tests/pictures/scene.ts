import { constituentsSchema } from '../../core/contracts/http/indices.ts';
import { serviceIds } from '../../core/contracts/words/services.ts';
import type { DoubleState } from '../support/dashboard/double-state.ts';
import { quoteOf, usualMarket } from '../support/dashboard/market-data.ts';
import { sourceOf } from '../support/dashboard/operations-data.ts';
import { newReportId, usualReportIds } from '../support/dashboard/page-data.ts';

/** Gives the double the state that the pictures show: an ordinary Friday, with one source at its limit and one that fails. */
export function dress(state: DoubleState): void {
  // Without the instrument that has hardly any field, and without the future, whose filter would not fit the width.
  state.quotes = usualMarket
    .filter(({ name, assetClass }) => name !== null && assetClass !== 'future')
    .map((given) => quoteOf({ confidence: 'single', ...given }));
  state.sources = [
    ...state.sources.map((source) => {
      if (source.id === 'alpha-vantage') return sourceOf(source.id);
      // Its last run failed.
      if (source.id === 'slickcharts')
        return { ...source, lastRun: source.lastRun && { ...source.lastRun, status: 'failed' as const, accepted: 0 } };
      return source;
    }),
    sourceOf('demo-broker'),
  ];
  state.deadLetters = state.deadLetters.map((letter) => ({
    ...letter,
    body: '{"blobKey":"raw/yahoo/2026-11-20/0b9f2a51-6a0e-5c6e-9d3b-3f0c7d3f4a10/0-1.json.gz","part":0,"attempt":1}',
  }));
  state.services = serviceIds.map((id) => ({ id, running: true, stoppedUntil: null, changedAt: null }));
  state.scopes = ['read', 'operate', 'admin'];
  state.reports = [newReportId, ...usualReportIds];
}

const companies: readonly (readonly [symbol: string, name: string])[] = [
  ['AMZN', 'Amazon.com, Inc.'],
  ['GOOGL', 'Alphabet Inc. Class A'],
  ['META', 'Meta Platforms, Inc.'],
  ['AVGO', 'Broadcom Inc.'],
  ['TSLA', 'Tesla, Inc.'],
  ['LLY', 'Eli Lilly and Company'],
  ['V', 'Visa Inc.'],
  ['XOM', 'Exxon Mobil Corporation'],
  ['UNH', 'UnitedHealth Group Incorporated'],
  ['MA', 'Mastercard Incorporated'],
  ['COST', 'Costco Wholesale Corporation'],
  ['HD', 'The Home Depot, Inc.'],
  ['PG', 'The Procter & Gamble Company'],
  ['JNJ', 'Johnson & Johnson'],
  ['WMT', 'Walmart Inc.'],
];

/** An answer on the members of an index with names of real companies after the first five. Weights and prices are the double's. */
export function constituentNames(body: string): string {
  const envelope: unknown = JSON.parse(body);
  if (typeof envelope !== 'object' || envelope === null || !('data' in envelope)) return body;
  const parsed = constituentsSchema.safeParse(envelope.data);
  if (!parsed.success) return body;
  const constituents = parsed.data.constituents.map((member, at) => {
    const company = companies[at - 5];
    if (!company) return member;
    const [symbol, name] = company;
    return {
      ...member,
      weight: 0.013 - (at - 5) * 0.0004,
      instrument: { ...member.instrument, symbol, name },
    };
  });
  return JSON.stringify({ ...envelope, data: { ...parsed.data, constituents } });
}
