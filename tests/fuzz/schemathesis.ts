/*
 * schemathesis (PyPI) against a deployed API: requests made from the OpenAPI document, right and wrong ones, and what must
 * hold of every answer.
 */
import { spawn } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { installedPython } from '../clients/install.ts';

export interface Fuzzing {
  /** Ends in `/api/v1`. */
  readonly apiUrl: string;
  readonly apiKey: string;
  /** The same seed makes the same requests. */
  readonly seed: number;
  /** `short` makes a few requests of each kind for each operation; a number is how many random ones, beside the systematic ones. */
  readonly examples: 'short' | number;
  /** Paths that get no requests. */
  readonly without?: readonly string[];
  /** A file for all requests and answers, a line for each event of schemathesis; kept for nobody unless given. */
  readonly report?: string;
  /** Gets what schemathesis prints, as it does. */
  say(text: string): void;
}

export interface Fuzzed {
  readonly ok: boolean;
  readonly cases: number;
  /**
   * Requests that got no answer, by operation. What schemathesis counts as "errored" are these, and requests that it made
   * up in its last phase and then did not send, because their operation had refused most of those before.
   */
  readonly unanswered: readonly string[];
  readonly output: string;
}

/**
 * What must hold: no 5xx, every answer as documented, no key ignored, and nothing accepted that the document forbids. Not
 * that all it allows is accepted: it cannot say which cursor was given out, and what a source can be asked for.
 */
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'ignored_auth',
];

/** A Python with schemathesis, as pinned. Gives its path. */
export async function installSchemathesis(): Promise<string> {
  const folder = await installedPython(
    'schemathesis',
    [join(import.meta.dirname, 'requirements.txt')],
    'schemathesis and its libraries',
  );
  return join(folder, 'bin', 'python');
}

/** The key is not among the arguments, which every user of the machine can read. */
const keyVariable = 'QUOTRON_FUZZ_KEY';

/** What is against the document may be refused with any of these: those of schemathesis itself, and an address too long. */
const settings = `headers = { x-api-key = "\${${keyVariable}}" }

[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 415, 422, 428, 429, 431, "5xx"]
`;

/** Sends requests of all operations with one key. */
export async function fuzz({ apiUrl, apiKey, seed, examples, without = [], report, say }: Fuzzing): Promise<Fuzzed> {
  const python = await installSchemathesis();
  // It keeps a database of examples where it runs.
  const folder = mkdtempSync(join(tmpdir(), 'quotron-fuzz-'));
  writeFileSync(join(folder, 'schemathesis.toml'), settings);
  const events = report ?? join(folder, 'events.ndjson');
  const phases = examples === 'short' ? ['examples', 'fuzzing'] : ['examples', 'coverage', 'fuzzing', 'stateful'];
  try {
    const child = spawn(
      python,
      [
        // Programs of an environment that was moved have the former path in them.
        ...['-m', 'schemathesis.cli', 'run', `${apiUrl}/openapi.json`, '--url', apiUrl],
        ...['--checks', checks.join(','), '--phases', phases.join(','), '--mode', 'all', '--workers', '1'],
        ...['--max-examples', String(examples === 'short' ? 2 : examples), '--seed', String(seed)],
        ...['--report', 'ndjson', '--report-ndjson-path', events],
        ...['--generation-database', 'none', '--request-timeout', '30', '--no-color', '--continue-on-failure'],
        ...without.flatMap((path) => ['--exclude-path', path]),
        // A busy machine is no finding.
        ...['--suppress-health-check', 'all'],
      ],
      { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, [keyVariable]: apiKey } },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        // A failure shows the request as a command of curl.
        const text = chunk.toString().replaceAll(apiKey, '[key]');
        output += text;
        say(text);
      });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const cases = /^\s*(\d[\d,]*) generated/m.exec(output)?.[1] ?? '0';
    const unanswered = await unansweredIn(events);
    const ok = code === 0 && unanswered.length === 0;
    return { ok, cases: Number(cases.replaceAll(',', '')), unanswered, output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What schemathesis writes when it has tried an operation in one of its phases. Of a request that was not sent, and of an operation that was left out, it has no interaction. */
const scenarioSchema = z.object({
  ScenarioFinished: z.object({
    phase: z.string(),
    recorder: z.object({
      label: z.string(),
      interactions: z
        .record(
          z.string(),
          z.object({ request: z.object({ method: z.string(), uri: z.string() }), response: z.unknown().nullish() }),
        )
        .default({}),
    }),
  }),
});

async function unansweredIn(events: string): Promise<string[]> {
  const found: string[] = [];
  for await (const line of createInterface({ input: createReadStream(events) })) {
    if (!line.startsWith('{"ScenarioFinished"')) continue;
    const { phase, recorder } = scenarioSchema.parse(JSON.parse(line)).ScenarioFinished;
    for (const { request, response } of Object.values(recorder.interactions))
      if (response === undefined || response === null)
        found.push(`${recorder.label} (${phase}): ${request.method} ${request.uri.slice(0, 200)}`);
  }
  return found;
}
