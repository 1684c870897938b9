import type { AlertRuleView } from '../../../../core/contracts/http/alerts.ts';

/** What a rule watches for, as a sentence without its end. */
export function conditionWords({ kind, when }: Pick<AlertRuleView, 'kind' | 'when'>): string {
  const of = (name: string) => (Object.hasOwn(when, name) ? String(when[name] ?? '') : '');
  const source = when['sourceId'] === null || when['sourceId'] === undefined ? 'any source' : of('sourceId');
  switch (kind) {
    case 'price_above':
      return `${of('symbol')} above ${of('price')}`;
    case 'price_below':
      return `${of('symbol')} below ${of('price')}`;
    case 'move':
      return `${of('symbol')} moves ${of('percent')} % ${when['direction'] === 'either' ? 'up or down' : of('direction')} in a day`;
    case 'source_failed':
      return `${source} fails`;
    case 'coverage_below':
      return `${of('symbol')} at ${source}: bars of fewer than ${of('percent')} % of ${of('days')} days`;
    case 'findings_over':
      return `more than ${of('count')} open findings of ${source}`;
    case 'quarantine_over':
      return `more than ${of('count')} rows of ${source} in quarantine`;
    case 'dispute':
      return `sources disagree on ${when['symbol'] == null ? 'any symbol' : of('symbol')}`;
    default:
      return kind satisfies never;
  }
}
