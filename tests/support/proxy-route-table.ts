import type { ProxyRoute } from '../../core/proxy/route.ts';

/** The routes of Yahoo's as docs/proxy.md lists them: a table in Markdown. */
export function proxyRouteTable(routes: readonly ProxyRoute[]): string {
  return [
    '| route | answer | parameters | lifetime |',
    '|---|---|---|---|',
    ...routes.map((route) => `| ${pathsOf(route)} | ${route.holds} | ${parametersOf(route)} | ${lifetimeOf(route)} |`),
  ].join('\n');
}

function pathsOf({ method, paths: [path, ...others] }: ProxyRoute): string {
  const first = `${method === 'GET' ? '' : `${method} `}\`${path}\``;
  const also = others.map((each) => `\`${each}\``).join(', ');
  return also === '' ? first : `${first}, also ${also}`;
}

function parametersOf({ parameters, body }: ProxyRoute): string {
  const names = Object.entries(parameters)
    .filter(([name]) => name !== 'lang' && name !== 'region')
    .map(([name, { isRequired }]) => (isRequired ? `**${name}**` : name));
  const posted = body ? [`JSON of up to ${body.most / 1000} kB`] : [];
  return [...names, ...posted].join(', ');
}

/** The lifetimes that its answers may have, whatever is asked. */
function lifetimeOf(route: ProxyRoute): string {
  const asked = [{}, { interval: '1m' }, { modules: 'price' }, { fetchPricingData: 'true' }].flatMap((query) => [
    route.kindOf(query, false),
    route.kindOf(query, true),
  ]);
  return [...new Set(asked)].sort().join(' or ');
}
