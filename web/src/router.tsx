import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { Loading } from './components/states.tsx';
import { Crash } from './layout/crash.tsx';
import { Frame } from './layout/frame.tsx';
import { NotFound } from './layout/not-found.tsx';
import { marketSearch } from './pages/market/market-search.ts';

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound, errorComponent: Crash });

const overview = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: textSearch('dead'),
  component: lazyRouteComponent(() => import('./pages/overview/overview-page.tsx'), 'OverviewPage'),
});

const market = createRoute({
  getParentRoute: () => root,
  path: '/market',
  validateSearch: marketSearch,
  component: lazyRouteComponent(() => import('./pages/market/market-page.tsx'), 'MarketPage'),
});

const instrument = createRoute({
  getParentRoute: () => root,
  path: '/market/$symbol',
  validateSearch: textSearch('range', 'interval', 'adjustment', 'source', 'compare'),
  component: lazyRouteComponent(() => import('./pages/instrument/instrument-page.tsx'), 'InstrumentPage'),
});

const sources = createRoute({
  getParentRoute: () => root,
  path: '/sources',
  validateSearch: textSearch('selected'),
  component: lazyRouteComponent(() => import('./pages/sources/sources-page.tsx'), 'SourcesPage'),
});

const source = createRoute({
  getParentRoute: () => root,
  path: '/sources/$sourceId',
  validateSearch: textSearch('run'),
  component: lazyRouteComponent(() => import('./pages/source/source-page.tsx'), 'SourcePage'),
});

const quarantine = createRoute({
  getParentRoute: () => root,
  path: '/quarantine',
  validateSearch: textSearch('source', 'reason', 'row'),
  component: lazyRouteComponent(() => import('./pages/quarantine/quarantine-page.tsx'), 'QuarantinePage'),
});

const findings = createRoute({
  getParentRoute: () => root,
  path: '/findings',
  validateSearch: textSearch('source', 'symbol'),
  component: lazyRouteComponent(() => import('./pages/findings/findings-page.tsx'), 'FindingsPage'),
});

const diagnose = createRoute({
  getParentRoute: () => root,
  path: '/diagnose',
  validateSearch: textSearch('report'),
  component: lazyRouteComponent(() => import('./pages/diagnose/diagnose-page.tsx'), 'DiagnosePage'),
});

const runs = createRoute({
  getParentRoute: () => root,
  path: '/runs',
  validateSearch: textSearch('source', 'status'),
  component: lazyRouteComponent(() => import('./pages/runs/runs-page.tsx'), 'RunsPage'),
});

const coverage = createRoute({
  getParentRoute: () => root,
  path: '/coverage',
  validateSearch: textSearch('source', 'symbol', 'days'),
  component: lazyRouteComponent(() => import('./pages/coverage/coverage-page.tsx'), 'CoveragePage'),
});

const exportsRoute = createRoute({
  getParentRoute: () => root,
  path: '/exports',
  validateSearch: textSearch('make', 'id'),
  component: lazyRouteComponent(() => import('./pages/exports/exports-page.tsx'), 'ExportsPage'),
});

const models = createRoute({
  getParentRoute: () => root,
  path: '/models',
  validateSearch: textSearch('import'),
  component: lazyRouteComponent(() => import('./pages/models/models-page.tsx'), 'ModelsPage'),
});

const model = createRoute({
  getParentRoute: () => root,
  path: '/models/$modelId',
  validateSearch: textSearch('amount', 'edit'),
  component: lazyRouteComponent(() => import('./pages/models/model-page.tsx'), 'ModelPage'),
});

const keys = createRoute({
  getParentRoute: () => root,
  path: '/keys',
  component: lazyRouteComponent(() => import('./pages/keys/keys-page.tsx'), 'KeysPage'),
});

const alerts = createRoute({
  getParentRoute: () => root,
  path: '/alerts',
  validateSearch: textSearch('make'),
  component: lazyRouteComponent(() => import('./pages/alerts/alerts-page.tsx'), 'AlertsPage'),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('./pages/settings/settings-page.tsx'), 'SettingsPage'),
});

/** Every page. What is filtered, sorted or selected is in the address, as plain text: `?sort=-change&class=equity`. */
export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    market,
    instrument,
    sources,
    source,
    quarantine,
    findings,
    diagnose,
    runs,
    coverage,
    exportsRoute,
    alerts,
    models,
    model,
    keys,
    settings,
  ]),
  defaultPreload: 'intent',
  scrollRestoration: true,
  scrollToTopSelectors: ['#page'],
  defaultPendingComponent: () => <Loading what="the page" />,
  defaultErrorComponent: Crash,
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== '');
    const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
    return text === '' ? '' : `?${text}`;
  },
});

/** Reads the named parameters of an address as text; others, and empty ones, are dropped. */
function textSearch<Name extends string>(...names: readonly Name[]) {
  return (search: Record<string, unknown>): { [N in Name]?: string | undefined } => {
    const read: { [N in Name]?: string | undefined } = {};
    for (const name of names) {
      const value = search[name];
      if (typeof value === 'string' && value !== '') read[name] = value;
    }
    return read;
  };
}

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
