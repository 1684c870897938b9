/** The examples of docs/alerts.md check what is sent: in Python and in TypeScript, as they stand there. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { newWebhookSecret, signedHeaders } from '../../core/auth/standard-webhooks.ts';
import { docExamples } from '../support/doc-examples.ts';

const folder = mkdtempSync(join(tmpdir(), 'quotron-webhooks-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secret = newWebhookSecret();
const body = JSON.stringify({ type: 'quotron.alert.test', data: { title: 'ä €' } });
const headersAt = (at: number) => signedHeaders({ secret, webhookId: 'msg_1', at, body });

/** What a program prints that has the example and this call, or `refused`. */
function says(language: 'python' | 'ts', given: { secret: string; headers: object; body: string }): string {
  const example = docExamples().find((each) => each.file === 'docs/alerts.md' && each.language === language);
  const [called, headers, sent] = [given.secret, given.headers, given.body].map((each) => JSON.stringify(each));
  const [file, command, call] =
    language === 'python'
      ? ['example.py', 'python3', `print(verify(${called}, ${headers}, ${sent}.encode())["data"]["title"])`]
      : ['example.mts', process.execPath, `console.log(verify(${called}, ${headers}, ${sent}).data.title);`];
  writeFileSync(join(folder, file), `${example?.code ?? ''}\n${call}\n`);
  const { status, stdout, stderr } = spawnSync(command, [join(folder, file)], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], PYTHONIOENCODING: 'utf8' },
  });
  if (status !== 0 && !/too old|not signed with this secret/.test(stderr)) throw new Error(stderr);
  return status === 0 ? stdout.trim() : 'refused';
}

describe.each(['python', 'ts'] as const)('the example in %s', (language) => {
  it('takes what was sent, and nothing else', () => {
    const headers = headersAt(Date.now());
    expect(says(language, { secret, headers, body })).toBe('ä €');
    expect(says(language, { secret, headers, body: body.replace('test', 'rest') })).toBe('refused');
    expect(says(language, { secret: newWebhookSecret(), headers, body })).toBe('refused');
    expect(says(language, { secret, headers: headersAt(Date.now() - 600_000), body })).toBe('refused');
  });
});
