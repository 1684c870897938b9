import { describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../../core/contracts/http/diagnostics.ts';
import { code, sparkline } from '../../../core/diagnosis/markdown.ts';
import { reportOf } from '../../../core/diagnosis/report.ts';

const runId = '0198a7c0-0000-5000-8000-000000000001';

function diagnosisWith(message: string, symbol = 'AAPL'): Diagnosis {
  return {
    createdAt: '2026-11-22T19:40:12.000Z',
    score: 61,
    cap: { rule: 'share_working', most: 61 },
    headline: '1 of 2 sources is healthy; 1 thing is wrong.',
    simulatedSources: [],
    sources: [
      {
        id: 'yahoo',
        title: 'Yahoo Finance',
        status: 'failed',
        reason: 'schema_drift',
        cause: 'format_changed',
        score: 22,
        trend: [100, null, 50, 0],
        lastSuccessAt: '2026-11-22T18:00:00.000Z',
        heldUntil: null,
        openIncidents: [],
      },
    ],
    findings: [
      {
        rule: 'format-changed',
        sources: ['yahoo'],
        title: 'Yahoo Finance: it changed its format',
        reasons: ['schema_drift'],
        explained: true,
        causeCode: 'format_changed',
        cause: 'The source changed the format.',
        evidence: ['3 tasks of quotes failed (schema_drift), 0 tasks succeeded meanwhile.'],
        count: 3,
        firstSeenAt: '2026-11-22T18:01:00.000Z',
        lastSeenAt: '2026-11-22T19:39:00.000Z',
        samples: [
          {
            ...{ at: '2026-11-22T19:39:00.000Z', runId, symbol, detail: null, finding: null, message },
            ...{ blobKey: 'raw/yahoo/x.json.gz', artifacts: [] },
          },
        ],
        symbols: {
          ...{ hit: 3, asked: 4, names: [symbol, 'MSFT'], otherMarkets: 0 },
          markets: [{ name: 'Nasdaq', count: 3 }],
          served: { byOthers: 1, others: ['coingecko'], oldestMinutes: 100 },
        },
        healedAt: null,
        recovery: { status: 'failed', requestedAt: '2026-11-22T19:00:00.000Z' },
        advice: [
          { text: 'Read what came.', command: null },
          { text: 'See whether it works again:', command: 'npx quotron test yahoo' },
        ],
        effect: 68,
      },
    ],
    ended: [],
    earlier: [],
    changes: null,
  };
}

describe('the report', () => {
  it('says first that data are made up, and of which sources', () => {
    const diagnosis = diagnosisWith('x');
    const [yahoo] = diagnosis.sources;
    const two = yahoo ? [yahoo, { ...yahoo, id: 'coingecko', title: 'CoinGecko' }] : [];
    const saidOf = (simulatedSources: string[]) =>
      reportOf({ ...diagnosis, sources: two, simulatedSources }).split('\n\n')[2];
    expect(saidOf([])).toBe(diagnosis.headline);
    expect(saidOf(['yahoo'])).toBe('**Simulated data:** what Yahoo Finance says is made up.');
    expect(saidOf(['yahoo', 'coingecko'])).toBe('**Simulated data:** what all sources say is made up.');
  });

  it('says of a recovery that has not ended that it is under way', () => {
    const diagnosis = diagnosisWith('x');
    const recovery = { status: 'running' as const, requestedAt: '2026-11-22T19:39:00.000Z' };
    const findings = diagnosis.findings.map((finding) => ({ ...finding, recovery }));
    expect(reportOf({ ...diagnosis, findings })).toContain('A recovery is under way since 2026-11-22 19:39 UTC.');
  });

  it('is this, to the letter', () => {
    expect(reportOf(diagnosisWith('The answer has another shape.'))).toBe(`# Diagnostics report

Quotron, 2026-11-22 19:40 UTC. Overall score: **61 of 100** (held at 61 by the share of sources that work).

1 of 2 sources is healthy; 1 thing is wrong.

**Yahoo Finance: it changed its format** since 2026-11-22 18:01 UTC, for 99 minutes by now. It affects 3 of the 4 symbols that were requested (\`AAPL\`, \`MSFT\` and 1 more), on Nasdaq. coingecko gave a price of 1 of them meanwhile; the served price of the others became up to 100 minutes old. It was recovered last at 2026-11-22 19:00 UTC, without success.

## What to do

What helps most comes first; the reasons are below.

1. **Yahoo Finance: it changed its format.** Read what came. Then: \`npx quotron test yahoo\`

## Sources

| source | status | score | last 24 hours | last success |
|---|---|---|---|---|
| Yahoo Finance (\`yahoo\`) | failed: format changed | 22 of 100 | █·▅▁ | 2026-11-22 18:00 UTC |

## What is wrong

### Yahoo Finance: it changed its format

**Likely cause:** The source changed the format.

**Evidence:**

- Seen 3 times, first 2026-11-22 18:01 UTC, last 2026-11-22 19:39 UTC.
- 3 tasks of quotes failed (schema_drift), 0 tasks succeeded meanwhile.

**Samples:**

- 2026-11-22 19:39 UTC on \`AAPL\`: \`The answer has another shape.\`

**What to do:**

1. Read what came.
2. See whether it works again: \`npx quotron test yahoo\`

## What changed since the last report

This is the first report.

## Where the samples are

The raw answers of a run: \`npx quotron answers <run>\`.

- Yahoo Finance: it changed its format, 2026-11-22 19:39 UTC: run \`${runId}\`, blob \`raw/yahoo/x.json.gz\`

*Made by fixed rules from what was measured, kept as diagnostics_report.md. Times are UTC. Text in \`this type\` may come from a source: it is shown as it came, shortened, and nothing to follow.*
`);
  });

  it.each([
    ['a heading', 'x\n# Call 555-1234 now\n\n## Sources'],
    ['HTML', '<script>alert(1)</script><img src=x onerror=alert(1)>'],
    ['a link', '[click](javascript:alert(1)) https://evil.example www.evil.example'],
    ['a code fence', '```\nrm -rf /\n```'],
    ['backticks of any length', '` `` ``` ```` # x'],
    ['a table', '| a | b |\n|---|---|\n| c | d |'],
    ['control characters', '\u001b[31mred\u001b[0m\u0007\u0000\u009b2J'],
    ['text that turns direction', 'safe\u202egnp.exe\u2066'],
    ['line separators', 'a\u2028# b\u2029# c\u0085# d\r# e'],
  ])('takes no harm from %s', (_what, hostile) => {
    const plain = reportOf(diagnosisWith('plain', 'plain'));
    const report = reportOf(diagnosisWith(hostile, hostile));
    // Not a line more, and each line begins as before: nothing of it is structure.
    expect(report.split('\n').map((line) => line.slice(0, 12))).toEqual(
      plain.split('\n').map((line) => line.slice(0, 12)),
    );
    const line = report.split('\n').find((each) => each.startsWith('- 2026-11-22 19:39 UTC on')) ?? '';
    // All of it lies within code spans, which are whole.
    const outside = line.split(/`[^`]+`/).join('');
    expect(outside).toBe('- 2026-11-22 19:39 UTC on : ');
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029|]/u);
  });

  it('shows no secret that slipped into a text', () => {
    const report = reportOf(
      diagnosisWith(
        'postgres://quotron:hunter2@db:5432 apikey=ABCDEF123456 crumb: "x9x9x9x9" qtr_live_abcdefghijklmnop_123456 Authorization: Bearer',
      ),
    );
    expect(report).not.toMatch(/hunter2|ABCDEF123456|x9x9x9x9|qtr_live_abc/);
    expect(report).toContain('[redacted]');
  });
});

describe('text in the report', () => {
  it('is cut, and never empty', () => {
    expect(code('x'.repeat(10_000)).length).toBeLessThan(260);
    expect(code(' \n ')).toBe('(empty)');
  });

  it('shows scores as bars', () => {
    expect(sparkline([0, 12, 13, 50, 99, 100, null])).toBe('▁▁▂▅██·');
  });
});
