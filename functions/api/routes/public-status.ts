import * as z from 'zod';
import { needsCredentials } from '../../../core/auth/credentials.ts';
import { type PublicStatus, publicStatusSchema } from '../../../core/contracts/http/public-status.ts';
import type { HealthStatus } from '../../../core/contracts/words/health-status.ts';
import { shownStatus } from '../../../core/health/shown-status.ts';
import { uptimeSince } from '../../../core/health/uptime.ts';
import { badge, type badgeColours } from '../../../core/http/badge.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { createRateLimiter } from '../../../core/http/rate-limit.ts';
import { type Call, type Route, route } from '../../../core/http/route.ts';
import type { Clock } from '../../../core/ports/clock.ts';
import { createInstallationHealth, type InstallationReaders } from '../installation-health.ts';
import { keptFor } from '../kept-for.ts';

interface RouteDependencies extends InstallationReaders {
  /** Whether everybody may see it. */
  readonly publicStatus?: boolean;
  readonly clock: Clock;
  log(error: unknown, requestId: string): void;
}

const tag = 'Service';
const hourMs = 3_600_000;
/** It is open to all: the database is asked this seldom, however many requests come. */
const keptMs = 30_000;
const maxAge = 60;
/** Of one address in one container. */
const limit = { perSecond: 2, burst: 60 };
/** A badge is shown on pages of other origins. */
const shownAnywhere = { 'cross-origin-resource-policy': 'cross-origin', 'access-control-allow-origin': '*' };

const colours: Readonly<Record<HealthStatus, keyof typeof badgeColours>> = {
  healthy: 'good',
  degraded: 'fair',
  limited: 'fair',
  failed: 'bad',
  paused: 'none',
  unknown: 'none',
};

/** The public status and its badges: 404 unless a setting opens them. */
export function publicStatusRoutes({ publicStatus = false, clock, log, ...readers }: RouteDependencies): Route[] {
  const installation = createInstallationHealth(readers);
  const limiter = createRateLimiter(limit, clock);
  const kept = keptFor<PublicStatus>(keptMs);

  function admit({ address }: Call): void {
    if (!publicStatus)
      throw new ProblemError('not_found', 'The public status is switched off. QUOTRON_PUBLIC_STATUS=on opens it.');
    const wait = limiter.take(address);
    if (wait > 0)
      throw new ProblemError('rate_limited', `This address has sent too many requests at once. Wait ${wait} s.`, {
        headers: { 'retry-after': String(wait) },
      });
  }

  const current = (call: Call) => kept('status', call.now, () => read(call));

  async function read({ now, requestId }: Call): Promise<PublicStatus> {
    const { system } = await installation(now, (error) => log(error, requestId));
    const ids = readers.catalogue.map(({ id }) => id);
    const rows = await readers.sources.sources(ids, new Date(now));
    const month = new Date(now - 30 * 24 * hourMs);
    const hours = Map.groupBy(await readers.sources.samples(ids, month), ({ sourceId }) => sourceId);
    return {
      at: new Date(now).toISOString(),
      status: system.status,
      sources: readers.catalogue.flatMap((source) => {
        const row = rows.find(({ sourceId }) => sourceId === source.id);
        if (row === undefined) return [];
        const own = hours.get(source.id) ?? [];
        return {
          id: source.id,
          title: source.title,
          status: shownStatus(row, needsCredentials(source)),
          since: row.since?.toISOString() ?? null,
          uptime: { day: uptimeSince(own, new Date(now - 24 * hourMs)), month: uptimeSince(own, month) },
        };
      }),
    };
  }

  const status = route(
    {
      method: 'get',
      path: '/public/status',
      access: 'public',
      shows: 'nothing',
      tag,
      summary: 'How each source does, for everybody',
      description:
        'Needs no key, and is there only where the setting `QUOTRON_PUBLIC_STATUS` is `on`. No symbols, no messages. As of half a minute ago at most.',
      data: publicStatusSchema,
      problems: ['not_found', 'rate_limited'],
    },
    async ({ call }) => {
      admit(call);
      return { kind: 'data', data: await current(call), maxAge, headers: shownAnywhere };
    },
  );

  const badges = route(
    {
      method: 'get',
      path: '/public/badges/{badge}',
      access: 'public',
      shows: 'nothing',
      tag,
      summary: 'A badge of a source, as SVG',
      description: 'As `GET /public/status`: `yahoo.svg` has its status, with `show` its uptime.',
      params: z.object({ badge: z.string().min(1).max(80) }),
      query: z.object({ show: z.enum(['status', 'uptime-24h', 'uptime-30d']).default('status') }),
      media: { 'image/svg+xml': z.string() },
      problems: ['not_found', 'unknown_source', 'rate_limited'],
    },
    async ({ params, query, call }) => {
      admit(call);
      const source = (await current(call)).sources.find(({ id }) => `${id}.svg` === params.badge);
      if (source === undefined)
        throw new ProblemError('unknown_source', 'A badge is the id of a source with .svg, such as yahoo.svg.');
      return {
        kind: 'text',
        body: badgeOf(source, query.show),
        contentType: 'image/svg+xml; charset=utf-8',
        maxAge,
        headers: shownAnywhere,
      };
    },
  );
  return [status, badges];
}

function badgeOf(
  { title, status, uptime }: PublicStatus['sources'][number],
  show: 'status' | 'uptime-24h' | 'uptime-30d',
) {
  if (show === 'status') return badge(title, status, colours[status]);
  const share = show === 'uptime-24h' ? uptime.day : uptime.month;
  const about = `${title} ${show === 'uptime-24h' ? '24 h' : '30 d'}`;
  if (share === null) return badge(about, 'unknown', 'none');
  // Never 100 % of what was not.
  const percent = Math.floor(share * 1_000) / 10;
  return badge(about, `${percent} %`, share >= 0.99 ? 'good' : share >= 0.9 ? 'fair' : 'bad');
}
