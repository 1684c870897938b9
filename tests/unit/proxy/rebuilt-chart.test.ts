import { expect, it } from 'vitest';
import { readRequest } from '../../../core/proxy/read-question.ts';
import { chartAsked } from '../../../core/proxy/rebuilt-chart.ts';
import { routeNamed } from '../../../core/proxy/routes.ts';

it.each(['div,splits,capitalGains', 'div|split|capitalGains', 'capitalGains, split, div'])(
  'a rebuilt chart has the events that a client lists as %s',
  (events) => {
    const route = routeNamed('chart');
    if (!route) throw new Error('There is no route of charts.');
    const search = new URLSearchParams({ events, period1: '1.5', includePrePost: '1' });
    const read = readRequest(route, { inPath: 'AAPL', search }, Date.UTC(2026, 10, 20));
    const [question] = 'questions' in read ? read.questions : [];
    expect(chartAsked(question?.query ?? {})).toMatchObject({
      events: { dividends: true, splits: true, capitalGains: true },
      span: { from: 1_500, to: null },
      withOutside: true,
    });
  },
);
