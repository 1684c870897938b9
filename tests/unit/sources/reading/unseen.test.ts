import { describe, expect, it } from 'vitest';
import { viewOfHtml } from '../../../../core/auth/html-view.ts';
import { shownAttribute } from '../../../../core/contracts/words/shown-marks.ts';
import { readHtml } from '../../../../core/sources/reading/html.ts';
import { factsOf } from '../../../../core/sources/reading/page-facts.ts';

const hidden = [
  '<p hidden>secret</p>',
  '<p hidden="until-found">secret</p>',
  '<div style="display:none"><p>secret</p></div>',
  '<div style="color: red; DISPLAY : none">secret</div>',
  '<p style="visibility:hidden">secret</p>',
  '<span class="sr-only">secret</span>',
  '<span class="x visually-hidden">secret</span>',
  '<noscript>secret</noscript>',
  '<template><p>secret</p></template>',
  '<script>secret</script>',
  '<style>secret</style>',
  '<select><option>secret</option></select>',
  '<textarea>secret</textarea>',
  '<svg><text>secret</text></svg>',
  '<object>secret</object>',
  '<!-- secret -->',
];
const marked = [
  `<p ${shownAttribute}="gone">secret</p>`,
  `<p ${shownAttribute}="none">secret</p>`,
  `<p ${shownAttribute}="inner">secret</p>`,
];
const shown = [
  '<p>secret</p>',
  '<p style="display:block">secret</p>',
  '<p class="hidden-gem">secret</p>',
  '<div><template shadowrootmode="open"><p>secret</p></template></div>',
  '<p>sec<wbr>ret</p>',
];
const shownThoughHinted = ['<p hidden>secret</p>', '<p class="sr-only">secret</p>'];

/** Whether each of the readers of HTML sees the text. */
function seenBy(body: string, marks = ''): boolean[] {
  const html = `<html ${marks}><body><h1>Page</h1>${body}</body></html>`;
  const page = readHtml(html);
  if ('failure' in page) throw new Error(page.failure.message);
  const view = viewOfHtml(html, new URL('https://a.test/'), { username: 'user', password: 'pass' });
  const texts = [page.text, factsOf(html).text, view.lines.join('\n')];
  return texts.map((text) => text.includes('secret') && text.includes('Page'));
}

describe('what nobody sees of a page', () => {
  it.each(hidden)('is seen by no reader: %s', (body) => {
    expect(seenBy(body)).toEqual([false, false, false]);
  });

  it.each(marked)('is what the browser says: %s', (body) => {
    expect(seenBy(body, `${shownAttribute}="page"`)).toEqual([false, false, false]);
  });

  it.each(shown)('is nothing that is shown: %s', (body) => {
    expect(seenBy(body)).toEqual([true, true, true]);
  });

  it.each(shownThoughHinted)('is no guess where the browser has looked: %s', (body) => {
    expect(seenBy(body, `${shownAttribute}="page"`)).toEqual([true, true, true]);
  });
});
