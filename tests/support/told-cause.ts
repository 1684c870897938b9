import { createServer } from 'node:http';
import * as z from 'zod';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { diagnosisAcceptedSchema, diagnosisViewSchema } from '../../core/contracts/http/diagnostics.ts';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { healthSchema } from '../../core/contracts/http/health.ts';
import { runDetailSchema, sourceHealthSchema } from '../../core/contracts/http/operations.ts';
import { incidentSchema } from '../../core/contracts/http/recovery.ts';
import { makeKeys, testApi } from './api-fixture.ts';
import { quotron } from './cli-in-process.ts';

/** What each place says of a source that fails. */
export interface Told {
  /** The cause by each place that names one as data. */
  readonly causes: Readonly<Record<string, string | null>>;
  /** What a person reads: on the command line and in the report. */
  readonly texts: Readonly<Record<'headline' | 'status' | 'health' | 'report', string>>;
}

/** Asks the API, the command line and the report what is wrong with a source, as a person would. */
export async function toldOf(pool: Pool, source: string): Promise<Told> {
  const api = testApi(pool, { clock: Date.now });
  const keys = await makeKeys(pool);
  const read = async <S extends z.ZodType>(schema: S, path: string): Promise<z.output<S>> =>
    schema.parse(envelope(z.unknown()).parse(await (await api.ask(path, { key: keys.read })).json()).data);

  const health = await read(sourceHealthSchema, `/sources/${source}/health`);
  const system = healthSchema.parse(await (await api.ask('/health', { key: keys.read })).json()).system;
  const incidents = await read(z.array(incidentSchema), `/incidents?sourceId=${source}&status=open`);
  const run = health.lastFailure && (await read(runDetailSchema, `/runs/${health.lastFailure.runId}`));
  const asked = await api.ask('/diagnostics', { method: 'POST', key: keys.operate });
  const { id } = envelope(diagnosisAcceptedSchema).parse(await asked.json()).data;
  const report = envelope(diagnosisViewSchema).parse(
    await (await api.ask(`/diagnostics/${id}`, { key: keys.read, headers: { accept: 'application/json' } })).json(),
  ).data;
  const markdown = await (await api.ask(`/diagnostics/${id}`, { key: keys.read })).text();
  const [finding] = report.findings.filter(({ sources }) => sources.includes(source));
  const lines = await commandLine(api, keys.read, source);
  return {
    causes: {
      card: health.cause,
      'open incident in the card': health.incidents[0]?.cause ?? null,
      'last failure': health.lastFailure?.cause ?? null,
      run: run?.cause ?? null,
      'part of the run': run?.parts.find(({ status }) => status === 'failed')?.cause ?? null,
      incident: incidents[0]?.cause ?? null,
      headline: system?.attention.find((each) => each.id === source)?.cause ?? null,
      'source in the report': report.sources.find((each) => each.id === source)?.cause ?? null,
      'finding of the report': finding?.causeCode ?? null,
    },
    texts: { headline: system?.headline ?? '', ...lines, report: markdown },
  };
}

async function commandLine(api: ReturnType<typeof testApi>, key: string, source: string) {
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '').replace('/api/v1', '');
    const answer = await api.ask(path, { key, headers: { accept: String(request.headers.accept) } });
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    const ask = async (...args: string[]) => (await quotron(args, { QUOTRON_URL: url, QUOTRON_API_KEY: key })).stdout;
    return { status: await ask('status'), health: await ask('health', source) };
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
