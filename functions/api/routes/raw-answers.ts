import * as z from 'zod';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import type { Exchange } from '../../../core/contracts/blob.ts';
import {
  bodyBytesHeader,
  type RawAnswerView,
  rawAnswerSchema,
  shownBodyBytes,
} from '../../../core/contracts/http/raw-answers.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { type Call, type Route, route } from '../../../core/http/route.ts';
import { BlobError, type RawStore } from '../../../core/ports/raw-store.ts';
import type { RunReader } from '../../../core/ports/run-reader.ts';

interface RouteDependencies {
  readonly runs: VisibleTo<RunReader>;
  readonly blobs: Pick<RawStore, 'get'>;
}

const tag = 'Runs';
/** Most blobs that one request reads: a run of more parts is asked for part by part. */
const mostBlobs = 25;

/** No browser may show what a source sent as anything but a file of text. */
const neverRendered = { 'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'" } as const;

const partParameter = z.coerce.number().int().min(0).max(100_000).optional();

export function rawAnswerRoutes({ runs, blobs }: RouteDependencies): Route[] {
  /** The answers of a run in order, with their place, until `wanted` says that it is enough. */
  async function answersOf(
    of: { readonly id: string; readonly part: number | undefined },
    call: Call,
    wanted: (answer: Numbered) => boolean,
  ): Promise<Numbered[]> {
    const attempts = await runs(call.visible).attempts(of.id);
    if (attempts.length === 0)
      throw new ProblemError('unknown_run', 'No run with an attempt has this id. GET /runs lists them.');
    const kept = attempts.filter(({ part, blobKey }) => blobKey !== null && (of.part ?? part) === part);
    if (kept.length > mostBlobs)
      throw new ProblemError(
        'invalid_request',
        `This run has ${kept.length} raw blobs; a request reads ${mostBlobs}. Name a part: ?part=0.`,
      );
    const found: Numbered[] = [];
    for (const { part, attempt, blobKey } of kept) {
      if (blobKey === null) continue;
      for (const exchange of await exchangesOf(blobKey)) {
        const answer = { n: found.length, part, attempt, blobKey, exchange };
        found.push(answer);
        if (wanted(answer)) return found;
      }
    }
    return found;
  }

  async function exchangesOf(key: string): Promise<readonly Exchange[]> {
    try {
      return (await blobs.get(key)).exchanges;
    } catch (error) {
      if (!(error instanceof BlobError)) throw error;
      throw new ProblemError('unknown_answer', `The raw blob ${key} cannot be read: ${error.message}`);
    }
  }

  const list = route(
    {
      method: 'get',
      path: '/runs/{id}/answers',
      access: 'operate',
      shows: 'visible',
      tag,
      summary: 'What a run asked and what came, without the bodies',
      description: `Of a run with more than ${mostBlobs} blobs one names a \`part\`; answers are counted within it then.`,
      params: z.object({ id: z.uuid() }),
      query: z.object({ part: partParameter }),
      data: z.array(rawAnswerSchema),
      problems: ['unknown_run', 'unknown_answer'],
    },
    async ({ params, query, call }) => {
      const found = await answersOf({ id: params.id, part: query.part }, call, () => false);
      return { kind: 'data', data: found.map(view), meta: { count: found.length }, maxAge: null };
    },
  );

  const one = route(
    {
      method: 'get',
      path: '/runs/{id}/answers/{n}',
      access: 'operate',
      shows: 'visible',
      tag,
      summary: 'The body of one raw answer, as text',
      description: `What the source sent, credentials masked, as a file of plain text whatever it is: never to be rendered. At most its first MB; \`${bodyBytesHeader}\` has its whole length in bytes. \`GET /runs/{id}/answers\` says what there is; \`n\` counts from 0.`,
      params: z.object({ id: z.uuid(), n: z.coerce.number().int().min(0).max(100_000) }),
      query: z.object({ part: partParameter }),
      media: { 'text/plain': z.string() },
      problems: ['unknown_run', 'unknown_answer'],
    },
    async ({ params, query, call }) => {
      const found = await answersOf({ id: params.id, part: query.part }, call, ({ n }) => n === params.n);
      const answer = found.find(({ n }) => n === params.n);
      if (!answer)
        throw new ProblemError(
          'unknown_answer',
          `This run has ${found.length} raw answers, counted from 0. GET /runs/{id}/answers names them.`,
        );
      const body = answer.exchange.response?.body ?? '';
      return {
        kind: 'text',
        body: firstBytes(body, shownBodyBytes),
        contentType: 'text/plain; charset=utf-8',
        headers: {
          ...neverRendered,
          'content-disposition': `attachment; filename="answer-${params.id}-${params.n}.txt"`,
          [bodyBytesHeader]: String(Buffer.byteLength(body)),
        },
        maxAge: null,
      };
    },
  );

  return [list, one];
}

interface Numbered {
  readonly n: number;
  readonly part: number;
  readonly attempt: number;
  readonly blobKey: string;
  readonly exchange: Exchange;
}

function view({ n, part, attempt, blobKey, exchange }: Numbered): RawAnswerView {
  const { request, response, error, fetchedAt, latencyMs } = exchange;
  return {
    ...{ n, part, attempt, blobKey, fetchedAt, latencyMs },
    method: request.method,
    url: request.url,
    symbols: [...request.symbols],
    status: response?.status ?? null,
    contentType: response?.headers['content-type'] ?? null,
    bytes: Buffer.byteLength(response?.body ?? ''),
    truncated: response?.truncated ?? false,
    error: error?.code ?? null,
  };
}

/** The beginning of a text in at most so many bytes, cut between characters. */
function firstBytes(text: string, most: number): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= most) return text;
  let end = most;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}
