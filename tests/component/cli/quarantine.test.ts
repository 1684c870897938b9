import { describe, expect, it } from 'vitest';
import { Page, useCli } from '../../support/cli-in-process.ts';

const id = '0198a7c0-0000-5000-8000-000000000001';
const at = '2026-11-22T19:40:00.000Z';
const cli = useCli();
const { answers, ask } = cli;

const row = (differs: Record<string, unknown> = {}) => ({
  ...{
    id: '7',
    at,
    sourceId: 'yahoo',
    reason: 'unit_suspect',
    symbol: 'VOD.L',
    detail: 'The price is 100 times the stored one.',
  },
  ...{ path: 'quoteResponse.result.0', row: { price: '7010' }, runId: id, blobKey: 'raw/x.json.gz', batchId: '1' },
  ...{ firstSeenAt: at, resolvedAt: null, discarded: null },
  finding: { code: 'price_ratio', ratio: 100, to: 'stored', than: '70.1' },
  ...differs,
});

describe('quarantine', () => {
  it('lists rows in a table without letting a source steer the terminal', async () => {
    answers['GET /quarantine'] = [row(), row({ id: '6', symbol: '\u001b[31mX', detail: 'a\nb' })];
    const { code, stdout } = await ask('quarantine', 'list', '--source', 'yahoo', '--reason', 'unit_suspect');
    expect(code).toBe(0);
    expect(cli.asked[0]?.path).toBe('/quarantine?limit=50&sourceId=yahoo&reason=unit_suspect');
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^id +first seen +source +reason +symbol +finding$/);
    expect(stdout).toContain('\\u{1b}[31mX');
    expect(stdout).not.toContain('\u001b');
  });

  it('follows pages up to the limit', async () => {
    answers['GET /quarantine'] = (url: URL) =>
      url.searchParams.has('cursor') ? [row({ id: '1' })] : new Page([row({ id: '3' }), row({ id: '2' })], 'next');
    const { stdout } = await ask('quarantine', 'list', '--limit', '3', '--json');
    expect(JSON.parse(stdout).map(({ id: each }: { id: string }) => each)).toEqual(['3', '2', '1']);
    expect(cli.asked.map(({ path }) => path)).toEqual(['/quarantine?limit=3', '/quarantine?limit=1&cursor=next']);
  });

  it('shows one, and reads some again', async () => {
    answers['GET /quarantine/7'] = row();
    const { stdout: shown } = await ask('quarantine', 'show', '7');
    expect(shown).toContain('price: "7010"');
    expect(shown).toContain('70.1 (the stored price)');
    answers['POST /quarantine/replay'] = { id, status: 'queued', blobs: 1, rows: 2, more: false };
    const { code, stdout } = await ask('quarantine', 'replay', '7', '8', '--believe');
    expect([code, stdout]).toEqual([0, expect.stringContaining('2 rows of 1 answer are being read again')]);
    expect(cli.asked.at(-1)?.body).toEqual({ ids: ['7', '8'], believe: true });
  });

  it.each([
    [{ accepted: 23, released: 0, failed: 0 }, 1, 'Nothing has left the quarantine'],
    [{ accepted: 23, released: 2, failed: 0 }, 0, '2 rows left the quarantine'],
    [{ accepted: 23, released: 2, failed: 1 }, 1, '1 answer cannot be read any more'],
  ])('a replay that came to %j ends with %i and says so', async (counts, code, says) => {
    answers['POST /quarantine/replay'] = { id, status: 'queued', blobs: 1, rows: 2, more: false };
    answers[`GET /replays/${id}`] = {
      ...{ id, status: counts.failed ? 'failed' : 'done', requestedAt: at, blobs: 1, read: 1, rejected: 2, written: 0 },
      ...counts,
    };
    const done = await ask('quarantine', 'replay', '7', '8', '--wait');
    expect([done.code, done.stdout]).toEqual([code, expect.stringContaining(says)]);
  });

  it('discards some with a reason, and ends with 1 where none was open', async () => {
    answers['POST /quarantine/discard'] = { discarded: 2, more: false };
    expect(await ask('quarantine', 'discard', '7', '8', '--because', 'Fixed.')).toMatchObject({
      code: 0,
      stdout: '2 rows discarded.\n',
    });
    expect(cli.asked.at(-1)?.body).toEqual({ ids: ['7', '8'], because: 'Fixed.' });
    answers['POST /quarantine/discard'] = { discarded: 0, more: false };
    expect((await ask('quarantine', 'discard', '--source', 'yahoo', '--because', 'Fixed.')).code).toBe(1);
    answers['GET /quarantine'] = [row({ discarded: { at, by: null, because: 'Fixed.' }, resolvedAt: at })];
    expect((await ask('quarantine', 'list', '--discarded')).stdout).toContain('Fixed.');
    expect(cli.asked.at(-1)?.path).toBe('/quarantine?limit=50&state=discarded');
  });
});

describe('answers', () => {
  const answer = {
    ...{ n: 0, part: 0, attempt: 1, method: 'GET', url: 'https://x.invalid/\u001b[2J', symbols: [], status: 200 },
    ...{
      contentType: 'text/html',
      bytes: 3,
      truncated: false,
      error: null,
      fetchedAt: at,
      latencyMs: 1,
      blobKey: 'raw/x',
    },
  };

  it('lists those of a run, and gives the body of one as it came', async () => {
    answers[`GET /runs/${id}/answers`] = [answer, { ...answer, n: 1, status: null, error: 'timeout' }];
    const { code, stdout } = await ask('answers', id);
    expect([code, stdout.split('\n')[0]]).toEqual([
      0,
      expect.stringMatching(/^n +part +attempt +status +bytes +request$/),
    ]);
    expect(stdout).toContain('timeout');
    expect(stdout).not.toContain('\u001b');
    answers[`GET /runs/${id}/answers/0`] = '<b>raw</b>';
    expect(await ask('answers', id, '0')).toMatchObject({ code: 0, stdout: '<b>raw</b>\n' });
    expect(cli.asked.at(-1)).toMatchObject({ accept: 'text/plain', path: `/runs/${id}/answers/0` });
    await ask('answers', id, '0', '--part', '0');
    expect(cli.asked.at(-1)?.path).toBe(`/runs/${id}/answers/0?part=0`);
  });
});
