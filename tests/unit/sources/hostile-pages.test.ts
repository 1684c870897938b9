import { describe, expect, it } from 'vitest';
import { catalogue } from '../../../core/sources/catalogue.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';
import { readHtml } from '../../../core/sources/reading/html.ts';
import { golden, page as goodPage } from './slickcharts/good-page.ts';

const table = '<table class="table table-hover table-borderless table-sm"><tbody><tr><td>x</td></tr></tbody></table>';

/** Pages that take a browser or a careless reader minutes: each just within, or far above, what is read of a page. */
const pages: readonly (readonly [string, string, 'elements' | 'depth' | null])[] = [
  ['300,000 nested elements', '<div>'.repeat(300_000), 'depth'],
  ['300,000 elements that close none before', '<a><b>'.repeat(150_000), 'depth'],
  ['elements as deep as they may be', `${'<div>'.repeat(500)}${table}`, null],
  ['300,000 elements beside each other', '<p>'.repeat(300_000), 'elements'],
  ['300,000 tables beside each other', '<table></table>'.repeat(300_000), 'elements'],
  ['19,000 whole tables', table.repeat(19_000), null],
  ['300,000 rows', `<table><tbody>${'<tr>'.repeat(300_000)}`, 'elements'],
  ['tables in tables', '<table><tbody><tr><td>x'.repeat(100_000), 'depth'],
  ['250 tables in tables, with much text', `${'<table><tbody><tr><td>'.repeat(125)}${'word '.repeat(400_000)}`, null],
  ['closings of what was never open', '</div></p></br>'.repeat(130_000), 'elements'],
  ['300,000 attributes', `<div ${Array.from({ length: 300_000 }, (_, at) => `a${at}`).join(' ')}>`, null],
  ['one attribute of 2 MB', `<div class="${'a '.repeat(1_000_000)}">`, null],
  ['comments without an end', '<!--'.repeat(500_000), null],
  ['declarations and instructions', '<!a><?b>'.repeat(250_000), null],
  ['300,000 unclosed tags', '<'.repeat(300_000), null],
  ['references to characters', '&amp;&#x41;&nope;'.repeat(120_000), null],
  ['a script of 2 MB', `<script>${'<'.repeat(2_000_000)}`, null],
  ['spaces', ' '.repeat(2_000_000), null],
  ['a cell of spaces', `<table><tbody><tr><td>${' x'.repeat(1_000_000)}`, null],
];

describe('a hostile page', () => {
  it.each(pages)('%s: is read to where it exceeds a limit', (_, html, exceeds) => {
    const page = readHtml(html);
    if (exceeds === null) expect('failure' in page).toBe(false);
    else
      expect('failure' in page ? page.failure : null).toMatchObject({
        reason: 'schema_drift',
        detail: { code: 'page_too_complex', exceeds },
      });
  });
});

/** The processor's time that a source's parser takes for these pages, by each of its selectors, in milliseconds. */
async function timeOf({ jobs, parser }: SourceDefinition, bodies: readonly string[]): Promise<number> {
  const { parse } = await parser();
  const began = process.threadCpuUsage();
  for (const body of bodies)
    for (const selectors of ['main', 'alternative'] as const)
      parse(jobs[0]?.kind ?? 'quotes', {
        request: { symbols: ['dowjones'], selectors },
        response: { status: 200, headers: {}, body, truncated: false },
        error: null,
        fetchedAt: '2026-11-20T15:00:00.000Z',
      });
  const { user, system } = process.threadCpuUsage(began);
  return (user + system) / 1_000;
}

describe.each(catalogue.filter(({ kind }) => kind === 'browser').map((source) => [source.id, source] as const))(
  '%s',
  (_, source) => {
    // Compared with good pages of the same size, on the same machine: no page is read in more than a few times that.
    it('takes for no hostile page much longer than for good ones of its size', { timeout: 120_000 }, async () => {
      const good = goodPage(golden);
      await timeOf(source, [good]);
      const usual = await timeOf(source, Array<string>(Math.ceil(2_000_000 / good.length)).fill(good));
      for (const [name, html] of pages) {
        // A machine with other work, or one that collects garbage, takes longer for the same now and then.
        let least = Number.POSITIVE_INFINITY;
        for (let tries = 0; tries < 4 && least >= usual * 4 + 200; tries++)
          least = Math.min(least, await timeOf(source, [html]));
        expect(least, name).toBeLessThan(usual * 4 + 200);
      }
    });
  },
);
