import * as z from 'zod';
import { credentialsHint, needsCredentials } from '../../../core/auth/credentials.ts';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import type { Warning } from '../../../core/contracts/http/envelope.ts';
import {
  type RecoveryRefusal,
  type RecoveryView,
  recoveriesAcceptedSchema,
  recoverRequestSchema,
  recoveryAcceptedSchema,
  recoverySchema,
  recoveryStatuses,
} from '../../../core/contracts/http/recovery.ts';
import type { RecoveryMessage } from '../../../core/contracts/messages.ts';
import { runIdOf } from '../../../core/contracts/run-id.ts';
import { causeOf } from '../../../core/contracts/words/causes.ts';
import { isUnhealthy } from '../../../core/contracts/words/health-status.ts';
import { shownStatus } from '../../../core/health/shown-status.ts';
import { page, readCursor } from '../../../core/http/page.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { cursorParameter, limitParameter } from '../../../core/http/read-request.ts';
import { type Call, type Route, route } from '../../../core/http/route.ts';
import type { FactsReader } from '../../../core/ports/facts-reader.ts';
import type { IdempotencyStore } from '../../../core/ports/idempotency-store.ts';
import type { MessageQueue } from '../../../core/ports/message-queue.ts';
import type { RecoveryRecords } from '../../../core/ports/recovery-store.ts';
import type { SourceReader, StoredSource } from '../../../core/ports/source-reader.ts';
import type { SwitchStore } from '../../../core/ports/switch-store.ts';
import { healedBy } from '../../../core/recovery/healed-by.ts';
import type { Recovery } from '../../../core/recovery/recovery.ts';
import { proxyId } from '../../../core/recovery/strategy.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';
import { requestSlot } from '../idempotency-key.ts';
import { leftOut } from '../licence.ts';
import { loginView } from '../views/source.ts';

interface RouteDependencies {
  readonly recoveries: VisibleTo<RecoveryRecords>;
  readonly requests: IdempotencyStore;
  readonly sources: SourceReader;
  readonly switches: SwitchStore;
  /** Has the queue `recoveries`. */
  readonly queue: MessageQueue;
  readonly facts: Pick<FactsReader, 'proxy'>;
  readonly catalogue: readonly SourceDefinition[];
}

const tag = 'Recoveries';

/** What became of the request for one source. */
type RequestResult =
  | { readonly sourceId: string; readonly accepted: true; readonly id: string }
  | {
      readonly sourceId: string;
      readonly accepted: false;
      readonly id: string | null;
      readonly refusal: { readonly code: RecoveryRefusal; readonly message: string };
    };

export function recoveryRoutes({
  recoveries,
  requests,
  sources,
  switches,
  queue,
  facts,
  catalogue,
}: RouteDependencies): Route[] {
  const known = [...catalogue.map((source) => source.id), proxyId];

  /** Requests a recovery for each source. The same idempotency key again gives the same recoveries. */
  async function request(ids: readonly string[], slot: string, call: Call): Promise<RequestResult[]> {
    const rows = await sources.sources(
      ids.filter((id) => known.includes(id)),
      new Date(call.now),
    );
    const results: RequestResult[] = [];
    for (const sourceId of ids) {
      const row = rows.find((each) => each.sourceId === sourceId);
      const refusal = refusalOf(sourceId, row);
      if (refusal) {
        results.push({ sourceId, accepted: false, id: null, refusal });
        continue;
      }
      const id = recoveryIdOf(sourceId, slot);
      const { created, active } = await recoveries(call.visible).create({
        id,
        sourceId,
        trigger: 'manual',
        requestedAt: new Date(call.now),
        requestedBy: call.principal?.keyId ?? null,
      });
      results.push(
        created
          ? { sourceId, accepted: true, id }
          : {
              sourceId,
              accepted: false,
              id: active,
              refusal: {
                code: 'recovery_running',
                message: `A recovery of ${sourceId} is under way already: GET /api/v1/recoveries/${active ?? ''}.`,
              },
            },
      );
    }
    const messages = results.flatMap((each): RecoveryMessage[] => (each.accepted ? [{ recoveryId: each.id }] : []));
    if (messages.length > 0) await queue.send('recoveries', messages);
    return results;
  }

  function refusalOf(
    sourceId: string,
    row: StoredSource | undefined,
  ): { code: RecoveryRefusal; message: string } | null {
    if (!known.includes(sourceId))
      return { code: 'unknown_source', message: `No source has this id. There is ${known.join(', ')}.` };
    const source = catalogue.find((each) => each.id === sourceId);
    if (row?.paused)
      return {
        code: 'source_paused',
        message: `${source?.title ?? sourceId} is paused. Start it with POST /api/v1/sources/${sourceId}/start, then recover it.`,
      };
    if (source && needsCredentials(source) && !row?.credentialsSet)
      return {
        code: 'credentials_missing',
        message: `${source.title} has no credentials yet. ${credentialsHint(source)}`,
      };
    const login = source && row ? loginView(source, row) : null;
    if (source && login)
      return {
        code: 'login_on_hold',
        message: `${source.title} takes no login now (${login.detail.code}). ${login.hint}`,
      };
    return null;
  }

  async function stopped(now: Date): Promise<Warning[]> {
    const needed = ['recovery', 'scrapers', 'ingest'];
    const rows = (await switches.services(now)).filter((row) => !row.running && needed.includes(row.serviceId));
    return rows.map((row) => ({
      code: 'service_stopped',
      message: `The service ${row.serviceId} is stopped: the recovery waits for it, and fails if it is not started in time with POST /services/${row.serviceId}/start.`,
    }));
  }

  const one = route(
    {
      method: 'post',
      path: '/sources/{id}/recover',
      access: 'operate',
      shows: 'nothing',
      tag,
      summary: 'Recover a source',
      description: 'Answers 202 at once; `Location` shows the steps as they happen. `yahoo-proxy` is the Yahoo proxy.',
      params: z.object({ id: z.string().min(1).max(64) }),
      data: recoveryAcceptedSchema,
      status: 202,
      idempotent: true,
      problems: ['unknown_source', 'recovery_running', 'source_paused', 'credentials_missing', 'login_on_hold'],
    },
    async ({ params, call }) => {
      const { slot } = await requestSlot(requests, call, undefined);
      const [result] = await request([params.id], slot, call);
      if (!result?.accepted)
        throw new ProblemError(
          result?.refusal.code ?? 'unknown_source',
          result?.refusal.message ?? 'No source has this id.',
          result?.id ? { headers: { location: `/api/v1/recoveries/${result.id}` } } : {},
        );
      return {
        kind: 'data',
        data: { id: result.id, status: 'pending', sourceId: result.sourceId },
        status: 202,
        headers: { location: `/api/v1/recoveries/${result.id}` },
        warnings: await stopped(new Date(call.now)),
      };
    },
  );

  const many = route(
    {
      method: 'post',
      path: '/sources/recover',
      access: 'operate',
      shows: 'nothing',
      tag,
      summary: 'Recover several sources by name, or all that fail',
      description:
        'Each source gets a recovery of its own, or a refusal with its reason: sources that are paused, have no credentials, or whose login is on hold. With `failing`, or a `kind`, those that are failed, degraded or limited; a healthy source is recovered only by its id. When nothing fails the answer is a 200 with an empty list. `all` is deprecated: it means `failing`.',
      body: recoverRequestSchema,
      data: recoveriesAcceptedSchema,
      alsoOk: { description: 'Nothing fails, so nothing is recovered.', data: recoveriesAcceptedSchema },
      status: 202,
      idempotent: true,
    },
    async ({ body, call }) => {
      const { slot, hasKey } = await requestSlot(requests, call, body);
      const ids = 'ids' in body ? [...new Set(body.ids)] : await failing(body, hasKey ? slot : null, call);
      const deprecated = 'all' in body ? [allIsDeprecated] : [];
      if (ids.length === 0) return { kind: 'data', data: [], status: 200, meta: { count: 0 }, warnings: deprecated };
      const results = await request(ids, slot, call);
      const data = results.map((each) => ({
        sourceId: each.sourceId,
        accepted: each.accepted,
        id: each.id,
        refusal: each.accepted ? null : each.refusal,
      }));
      return {
        kind: 'data',
        data,
        status: 202,
        headers: { location: '/api/v1/recoveries' },
        meta: { count: data.length },
        warnings: [...deprecated, ...(await stopped(new Date(call.now)))],
      };
    },
  );

  /**
   * What fails, in the order of the catalogue, of one kind or of all. With an idempotency key also what was recovered by it
   * before: the same request again gives the same recoveries, though the source may work by now.
   */
  async function failing(
    body: z.output<typeof recoverRequestSchema>,
    slot: string | null,
    call: Call,
  ): Promise<string[]> {
    const now = new Date(call.now);
    const rows = await sources.sources(
      catalogue.map(({ id }) => id),
      now,
    );
    const wanted = 'kind' in body ? body.kind : null;
    const kinds = [...catalogue.map(({ id, kind }) => ({ id, kind })), { id: proxyId, kind: 'proxy' }];
    const found: string[] = [];
    for (const { id } of kinds.filter(({ kind }) => wanted === null || kind === wanted)) {
      const source = catalogue.find((each) => each.id === id);
      const row = rows.find(({ sourceId }) => sourceId === id);
      const fails = id === proxyId ? await proxyFails(now) : source && row && sourceFails(source, row);
      const recovered = slot !== null && (await recoveries(call.visible).has(recoveryIdOf(id, slot)));
      if (fails || recovered) found.push(id);
    }
    return found;
  }

  async function proxyFails(now: Date): Promise<boolean> {
    const { pause, incidents } = await facts.proxy(proxyId, now, null);
    return pause !== null || incidents.some(({ resolvedAt }) => resolvedAt === null);
  }

  const list = route(
    {
      method: 'get',
      path: '/recoveries',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'Recoveries, the latest asked for first',
      query: z.object({
        sourceId: z.string().max(64).optional(),
        status: z.enum(recoveryStatuses).optional(),
        limit: limitParameter(200, 50),
        cursor: cursorParameter,
      }),
      data: z.array(recoverySchema),
      problems: ['invalid_cursor'],
    },
    async ({ query, call }) => {
      const after = readCursor(query.cursor, z.tuple([z.iso.datetime(), z.uuid()]));
      const found = await recoveries(call.visible).list({
        sourceId: query.sourceId ?? null,
        status: query.status ?? null,
        after: after && { requestedAt: after[0], id: after[1] },
        limit: query.limit + 1,
      });
      const { rows, meta } = page(found, query.limit, (row) => [row.cursorAt, row.id]);
      return { kind: 'data', data: rows.map(recoveryView), meta, warnings: leftOut(call.visible, query.sourceId) };
    },
  );

  const detail = route(
    {
      method: 'get',
      path: '/recoveries/{id}',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'One recovery with its steps',
      params: z.object({ id: z.uuid() }),
      data: recoverySchema,
      problems: ['unknown_recovery'],
    },
    async ({ params, call }) => {
      const row = await recoveries(call.visible).find(params.id);
      if (!row)
        throw new ProblemError('unknown_recovery', 'No recovery has this id. GET /api/v1/recoveries lists them.');
      return { kind: 'data', data: recoveryView(row) };
    },
  );

  return [one, many, list, detail];
}

const allIsDeprecated: Warning = {
  code: 'deprecated',
  message: '`all` recovers what fails, as `failing` does, and will be removed: send {"failing": true}.',
};

function recoveryIdOf(sourceId: string, slot: string): string {
  return runIdOf({ sourceId, job: 'recovery', trigger: 'manual', slot });
}

/** One that a person paused is not failing. */
function sourceFails(source: SourceDefinition, row: StoredSource): boolean {
  const status = shownStatus(row, needsCredentials(source));
  return status !== 'paused' && isUnhealthy(status);
}

/** A recovery as the API shows it. */
function recoveryView(recovery: Recovery): RecoveryView {
  const { id, sourceId, trigger, strategy, status, reason, detail, message, canaryRunId, fallback, held } = recovery;
  return {
    id,
    sourceId,
    trigger,
    strategy,
    status,
    reason,
    cause: detail === null ? null : causeOf(reason, detail),
    detail,
    message,
    steps: [...recovery.steps],
    requestedAt: recovery.requestedAt.toISOString(),
    startedAt: recovery.startedAt?.toISOString() ?? null,
    finishedAt: recovery.finishedAt?.toISOString() ?? null,
    healedBy: healedBy(recovery),
    canaryRunId,
    fallback,
    held,
  };
}
