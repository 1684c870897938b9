/** The examples of README and docs: what stands in their fenced blocks. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../localstack/state-folder.ts';

/** A language tells what a block is: an example to be run, or what a program prints or reads. */
export const runLanguages = ['sh', 'python', 'ts', 'js', 'http'] as const;
const shownLanguages = ['text', 'json', 'csv', 'mermaid'] as const;
export type RunLanguage = (typeof runLanguages)[number];

export interface DocExample {
  readonly file: string;
  /** `README.md:24`. */
  readonly at: string;
  readonly language: RunLanguage;
  readonly code: string;
}

/** Examples that no test runs as they stand, by file and first line, with the reason. */
export const notRun: readonly { readonly file: string; readonly first: string; readonly why: string }[] = [
  {
    file: 'README.md',
    first: 'npm start',
    why: 'runs until Ctrl-C; tests/local/start.test.ts starts it in a folder of its own',
  },
  { file: 'README.md', first: 'npm test', why: 'is what runs this test' },
  {
    file: 'README.md',
    first:
      'npx quotron deploy --stage dev     # looks at the account, asks, deploys; prints the address, a sign-in and the price',
    why: 'deploys to an AWS account',
  },
  {
    file: 'README.md',
    first: 'npx quotron destroy --stage dev    # lists what goes and what stays, asks, removes',
    why: 'removes from an AWS account',
  },
  {
    file: 'README.md',
    first: 'npx quotron proxy --port 5000',
    why: 'calls Yahoo itself; tests/local/cli.test.ts runs it on the simulated one',
  },
  {
    file: 'README.md',
    first: 'curl http://127.0.0.1:5000/yahoo/v8/finance/chart/AAPL?range=5d',
    why: 'asks the proxy that calls Yahoo itself',
  },
  {
    file: 'docs/proxy.md',
    first: 'npx quotron proxy --port 5000',
    why: 'calls Yahoo itself; tests/local/cli.test.ts runs it on the simulated one',
  },
  {
    file: 'docs/proxy.md',
    first: 'npx quotron proxy --as-yahoo',
    why: 'calls Yahoo itself; tests/contract/as-yahoo.test.ts runs it on the simulated one',
  },
  {
    file: 'docs/proxy.md',
    first:
      'sudo sysctl net.ipv4.ip_unprivileged_port_start=443                                        # every program may have 443',
    why: 'changes the machine',
  },
  {
    file: 'docs/api.md',
    first: 'QUOTRON_CORS_ORIGINS=http://localhost:5173 npm start',
    why: 'starts a second local cloud, for a page in a browser',
  },
  {
    file: 'docs/api.md',
    first: 'POST /imports                          {"kind": "bars", "licence": "internal", "label": "vendor.csv"}',
    why: 'its ids and addresses are those of the answers before; the tests of `quotron etl process` take the same steps',
  },
  {
    file: 'docs/api.md',
    first:
      'POST /exports                          {"symbols": ["AAPL", "VOD.L"], "intervals": ["tick", "1d"], "from": "2026-01-01"}',
    why: 'its ids are those of the answers before; the tests of `quotron export` take the same steps',
  },
  { file: 'docs/api.md', first: 'import pandas as pd', why: 'tests/clients/parquet/parquet.test.ts runs it' },
  {
    file: 'docs/cli.md',
    first: 'export QUOTRON_URL=https://d111111abcdef8.cloudfront.net    # with or without /api/v1',
    why: 'needs an AWS account',
  },
  {
    file: 'docs/cli.md',
    first: "quotron status --json | jq -r '.sick[]'",
    why: 'needs jq, and a command of the reader to notify someone',
  },
  {
    file: 'docs/cli.md',
    first: '$ quotron etl process vendor.csv --licence internal',
    why: 'reads a file of the reader’s own',
  },
  {
    file: 'docs/configuration.md',
    first: 'DB_HOST=db.example.com DB_NAME=market DB_USER=quotron DB_PASSWORD=… npm start',
    why: 'names a server of the reader’s own; tests/chaos/given-database.test.ts starts on one',
  },
  {
    file: 'docs/consuming-events.md',
    first: "import { App, Duration, Stack } from 'aws-cdk-lib';",
    why: 'tests/contract/consuming-events.test.ts runs it',
  },
  {
    file: 'docs/consuming-events.md',
    first: "import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';",
    why: 'tests/contract/consuming-events.test.ts runs it',
  },
  { file: 'docs/consuming-events.md', first: 'import json', why: 'tests/contract/consuming-events.test.ts runs it' },
  {
    file: 'docs/consuming-events.md',
    first: "import { Consumer } from '@platformatic/kafka';",
    why: 'tests/contract/kafka-events.test.ts runs it',
  },
  {
    file: 'docs/contributing.md',
    first: 'git clone <repository> && cd quotron',
    why: 'the address of the repository is the reader’s',
  },
  {
    file: 'docs/contributing.md',
    first:
      'uv pip compile --universal --generate-hashes --python-version 3.10 --no-header --no-annotate requirements.in -o requirements.txt',
    why: 'needs uv, and takes the newest versions there are',
  },
  { file: 'docs/contributing.md', first: 'route(', why: 'a part of a file; it names schemas that the reader writes' },
  {
    file: 'docs/operations.md',
    first: 'npx quotron deploy --stage dev --prefix acme       # stacks Acme-dev-…, functions acme-dev-…',
    why: 'deploys to an AWS account',
  },
  {
    file: 'docs/operations.md',
    first: 'npx quotron destroy --stage dev',
    why: 'removes from an AWS account',
  },
  {
    file: 'docs/operations.md',
    first: 'export AWS_PROFILE=me QUOTRON_ALARM_EMAIL=operator@example.com',
    why: 'deploys to an AWS account',
  },
  {
    file: 'docs/operations.md',
    first: 'export QUOTRON_ALARM_EMAIL=operator@example.com    # prod requires it',
    why: 'settings of a deployment to AWS',
  },
  {
    file: 'docs/operations.md',
    first: 'aws secretsmanager get-secret-value --secret-id <FirstKeySecret> --query SecretString --output text',
    why: 'needs an AWS account',
  },
  {
    file: 'docs/operations.md',
    first: 'aws secretsmanager put-secret-value --secret-id <OperationsSecret> --secret-string \\',
    why: 'needs an AWS account',
  },
  {
    file: 'docs/runbook.md',
    first:
      'for f in schedule scrape-api scrape-browser ingest state monitor recover maintain api yahoo-proxy set-credentials stream-events notify; do',
    why: 'needs an AWS account',
  },
  {
    file: 'docs/operations.md',
    first: 'pg_dump "$(node -p \'JSON.parse(fs.readFileSync(".quotron/local.json")).databaseUrl\')" > quotron.sql',
    why: 'needs pg_dump of the same version, which no package here brings',
  },
];

/** Fenced blocks of a text, with the line they begin at. */
export function blocksOf(text: string): { readonly language: string; readonly code: string; readonly line: number }[] {
  return [...text.matchAll(/^( *)```([^\n`]*)\n(.*?)^ *```$/gms)].map(
    ([, indent = '', language = '', code = ''], at) => ({
      language,
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), '').trimEnd(),
      line: text.slice(0, [...text.matchAll(/^( *)```([^\n`]*)\n(.*?)^ *```$/gms)][at]?.index ?? 0).split('\n').length,
    }),
  );
}

/** The blocks of a text by the heading (`##`) that they stand under. */
export function sectionsOf(
  text: string,
): { readonly title: string; readonly blocks: readonly { readonly language: string; readonly code: string }[] }[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => ({ title: section.split('\n')[0]?.trim() ?? '', blocks: blocksOf(section) }));
}

/** The pages that are read by users. */
export function pages(): readonly string[] {
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', ...docs.sort().map((name) => `docs/${name}`)];
}

/** All examples, in their order on each page. Throws for a block whose language says nothing. */
export function docExamples(): readonly DocExample[] {
  return pages().flatMap((file) =>
    blocksOf(readFileSync(join(root, file), 'utf8')).flatMap(({ language, code, line }) => {
      const at = `${file}:${line}`;
      if (shownLanguages.some((each) => each === language)) return [];
      const known = runLanguages.find((each) => each === language);
      if (known === undefined)
        throw new Error(
          `${at}: a block is ${[...runLanguages, ...shownLanguages].join(', ')}; this one is "${language}"`,
        );
      return [{ file, at, language: known, code }];
    }),
  );
}

/** The entry that keeps an example from being run, if there is one. */
export function reasonAgainst({ file, code }: Pick<DocExample, 'file' | 'code'>) {
  return notRun.find((each) => each.file === file && each.first === code.split('\n')[0]?.trim());
}

/** The lines of a shell example, those that end in a backslash joined with the next. */
export function commandsOf(code: string): readonly string[] {
  return code
    .replaceAll(/\\\n/g, '\\\u0000')
    .split('\n')
    .map((line) => line.replaceAll('\u0000', '\n'))
    .filter((line) => line.trim() !== '');
}
