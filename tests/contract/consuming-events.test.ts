/** The page on consuming events: its code, as it is printed. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { toJson } from '../../core/contracts/events/cloud-event.ts';
import { findPython } from '../../localstack/python.ts';
import { root } from '../../localstack/state-folder.ts';
import { blocksOf } from '../support/doc-examples.ts';
import { incidentEvent } from '../support/incident-events.ts';

const run = promisify(execFile);
const blocks = blocksOf(readFileSync(join(root, 'docs', 'consuming-events.md'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'quotron-follower-'));
symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A block by its first line, in a file of the folder. */
function written(first: string, name: string): string {
  const block = blocks.find(({ code }) => code.startsWith(first));
  if (block === undefined) throw new Error(`the page has no block that begins with ${first}`);
  const file = join(folder, name);
  writeFileSync(file, `${block.code}\n`);
  return file;
}

const node = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  run(join(root, 'node_modules', '.bin', 'node'), args, { cwd: folder, env: { ...process.env, ...env } });

describe('a function on SNS and SQS', () => {
  it('its stack has a FIFO queue with dead letters, a raw subscription with a filter, and an event source', async () => {
    const file = written("import { App, Duration, Stack } from 'aws-cdk-lib'", 'follower.ts');
    const code = join(folder, 'dist');
    mkdirSync(code, { recursive: true });
    writeFileSync(join(code, 'handler.js'), '');
    const out = join(folder, 'cdk.out');
    await node([file], {
      ...{ CDK_OUTDIR: out, FOLLOWER_CODE: code },
      EVENTS_TOPIC: 'arn:aws:sns:us-east-1:123456789012:quotron-prod-events.fifo',
    });
    const template = readdirSync(out).find((name) => name.endsWith('.template.json')) ?? '';
    const { Resources } = z
      .object({
        Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.looseObject({}).default({}) })),
      })
      .parse(JSON.parse(readFileSync(join(out, template), 'utf8')));
    const of = (type: string) =>
      Object.values(Resources).flatMap(({ Type, Properties }) => (Type === type ? Properties : []));
    expect(of('AWS::SQS::Queue')).toHaveLength(2);
    for (const queue of of('AWS::SQS::Queue')) expect(queue).toMatchObject({ FifoQueue: true });
    expect(of('AWS::SNS::Subscription')).toMatchObject([
      { RawMessageDelivery: true, FilterPolicy: { type: ['quotes.stored', 'price.disputed'] } },
    ]);
    expect(of('AWS::Lambda::EventSourceMapping')).toMatchObject([
      { FunctionResponseTypes: ['ReportBatchItemFailures'] },
    ]);
  });

  /** Of yahoo, what is no event, and two events; of coingecko one. */
  const batch = (receives: number) => ({
    Records: [
      { messageId: 'a', body: 'no event', attributes: { MessageGroupId: 'yahoo' } },
      ...['yahoo', 'coingecko', 'yahoo'].map((key, at) => ({
        ...{ messageId: String(at), body: toJson(incidentEvent(key, at)), attributes: { MessageGroupId: key } },
      })),
    ].map(({ attributes, ...rest }) => ({
      ...rest,
      attributes: { ...attributes, ApproximateReceiveCount: String(receives) },
    })),
  });

  const answers: readonly [string, (receives: number) => Promise<unknown>][] = [
    [
      'TypeScript',
      async (receives) => {
        const file = written('import type { SQSBatchResponse, SQSEvent }', 'handler.ts');
        const script = `import { handler } from ${JSON.stringify(file)};
          console.log('answer:' + JSON.stringify(await handler(${JSON.stringify(batch(receives))})));`;
        return answerIn((await node(['--input-type=module', '--eval', script])).stdout);
      },
    ],
    [
      'Python',
      async (receives) => {
        written('import json', 'follower.py');
        const script =
          'import json, sys, follower; print("answer:" + json.dumps(follower.handler(json.loads(sys.argv[1]), None)))';
        const { stdout } = await run(findPython().command, ['-c', script, JSON.stringify(batch(receives))], {
          cwd: folder,
        });
        return answerIn(stdout);
      },
    ],
  ];

  it.each(answers)('its handler in %s returns what failed, with what comes after it in its key', async (_, answer) => {
    expect(await answer(1)).toEqual({
      batchItemFailures: ['a', '0', '2'].map((itemIdentifier) => ({ itemIdentifier })),
    });
    expect(await answer(5)).toEqual({ batchItemFailures: [{ itemIdentifier: 'a' }] });
  });
});

function answerIn(printed: string): unknown {
  const line = printed.split('\n').find((each) => each.startsWith('answer:'));
  return JSON.parse(line?.slice('answer:'.length) ?? 'null');
}
