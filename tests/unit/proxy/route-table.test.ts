import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { routes } from '../../../core/proxy/routes.ts';
import { proxyRouteTable } from '../../support/proxy-route-table.ts';

const page = readFileSync(new URL('../../../docs/proxy.md', import.meta.url), 'utf8');
const [, listed = ''] =
  /<!-- the routes of Yahoo's, from core\/proxy\/routes.ts -->\n(.*?)\n<!-- end -->/s.exec(page) ?? [];

it('docs/proxy.md lists every route of the table as it is; to renew it, paste what this test expects', () => {
  expect(listed).toBe(proxyRouteTable(routes));
});

it('no two routes have a name or a path in common', () => {
  const names = routes.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const paths = routes.flatMap((route) => route.paths.map((path) => path.replace(/\{\w+\}/, '{}')));
  expect(new Set(paths).size).toBe(paths.length);
});

it('other names of a path have the placeholder that it has, or end before it and have it as a parameter', () => {
  const placeOf = (path: string) => /\{(\w+)\}/.exec(path)?.[1];
  for (const { paths } of routes)
    for (const path of paths)
      if (placeOf(path) !== placeOf(paths[0]))
        expect([path, placeOf(path)]).toEqual([expect.stringMatching(/\/$/), undefined]);
});
