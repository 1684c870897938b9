import http from 'node:http';
import { z } from 'zod';
import { recording } from './recordings.ts';

const quoteBody = z.object({ quoteResponse: z.object({ result: z.array(z.unknown()) }) });

/**
 * Serves recorded answers of Yahoo as the upstream: quotes by symbol (several symbols are joined into one answer, as
 * Yahoo does), charts by symbol. What was not recorded is a 404 that fails the test by its reason.
 */
export async function startRecordedUpstream(recordings: {
  quotes: Readonly<Record<string, string>>;
  charts: Readonly<Record<string, string>>;
}): Promise<{ url: string; stop(): Promise<void> }> {
  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://recorded');
    const send = (status: number, body: string, headers: Record<string, string> = {}) =>
      response.writeHead(status, headers).end(body);
    const chart = /^\/v8\/finance\/chart\/(.+)$/.exec(url.pathname)?.[1];
    if (url.pathname === '/') return send(404, '', { 'set-cookie': 'A3=d=recorded-session-value; Path=/' });
    if (url.pathname === '/v1/test/getcrumb') return send(200, recording('yahoo/getCrumb-getcrumb.json').body);
    if (url.pathname === '/v7/finance/quote') {
      const names = (url.searchParams.get('symbols') ?? '').split(',').map((symbol) => recordings.quotes[symbol]);
      const page = names.map((name) => (name ? recording(`yahoo/${name}`) : undefined));
      const [first] = page;
      if (first && first.status !== 200) return send(first.status, first.body, { 'content-type': 'application/json' });
      const result = page.flatMap((each) => (each ? quoteBody.parse(JSON.parse(each.body)).quoteResponse.result : []));
      return send(200, JSON.stringify({ quoteResponse: { result, error: null } }), {
        'content-type': 'application/json',
      });
    }
    const name = chart && recordings.charts[decodeURIComponent(chart)];
    if (!name) return send(404, 'not recorded');
    const { status, body } = recording(`yahoo/${name}`);
    return send(status, body, { 'content-type': 'application/json' });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The recorded upstream has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
