import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url).pathname;
const pages = [
  // `quotron diagnose` writes its report to the folder in which it runs.
  ...readdirSync(root).filter((name) => name.endsWith('.md') && name !== 'diagnostics_report.md'),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Relative targets of links, images and `<img src>`; what stands in code is no link. */
function targetsOf(text: string): string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
  const found = [...prose.matchAll(/\]\(([^)\s]+)\)|<(?:img|source)[^>]+src(?:set)?="([^"]+)"/g)];
  return found.flatMap((match) => match[1] ?? match[2] ?? []).filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '');
  return new Set(
    [...prose.matchAll(/^#{1,6} (.+)$/gm)].map((match) =>
      (match[1] ?? '')
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Why a link of a page leads nowhere, or `null`. */
function broken(page: string, target: string): string | null {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(root, file))) return `${page}: ${target} does not exist`;
  if (anchor === undefined || statSync(join(root, file)).isDirectory()) return null;
  return anchorsOf(readFileSync(join(root, file), 'utf8')).has(anchor)
    ? null
    : `${page}: ${target} has no such heading`;
}

describe('the docs', () => {
  it('link to files and headings that exist', () => {
    const links = pages.flatMap((page) =>
      targetsOf(readFileSync(join(root, page), 'utf8')).map((target) => [page, target] as const),
    );
    expect(links.length).toBeGreaterThan(60);
    expect(links.flatMap(([page, target]) => broken(page, target) ?? [])).toEqual([]);
  });

  it('are found wrong when a link leads nowhere', () => {
    expect(
      targetsOf('[a](b.md#c) ![p](x.webp) <img alt="" src="y.webp"> [out](https://e.org) `[no](code.md)`'),
    ).toEqual(['b.md#c', 'x.webp', 'y.webp']);
    expect(broken('README.md', 'docs/nothing.md')).toContain('does not exist');
    expect(broken('README.md', 'docs/runbook.md#no-such-heading')).toContain('no such heading');
    expect(broken('docs/cli.md', 'runbook.md#no-ticks')).toBeNull();
  });

  it('name files and folders that exist', () => {
    const named = /`((?:bin|cli|core|docs|functions|lib|localstack|tests|web)\/[\w./@-]*[\w/])`/g;
    const missing = pages.flatMap((page) =>
      [...readFileSync(join(root, page), 'utf8').matchAll(named)]
        // The dashboard's build is made by a command.
        .filter(([, path = '']) => path !== 'web/dist' && !existsSync(join(root, path)))
        .map(([, path]) => `${page}: ${path}`),
    );
    expect(missing).toEqual([]);
  });

  it('have paragraphs of at most 120 columns', () => {
    const long = pages.flatMap((page) =>
      readFileSync(join(root, page), 'utf8')
        .replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')
        .split('\n')
        // A table row is one line, and so is an image.
        .filter((line) => line.length > 120 && !/^ *(\||!\[)/.test(line))
        .map((line) => `${page}: ${line.slice(0, 60)} …`),
    );
    expect(long).toEqual([]);
  });

  it('give each decision a number of its own, which its title has', () => {
    const decisions = pages.filter((page) => /^docs\/adr\/\d/.test(page));
    const numbers = decisions.map((page) => Number(page.slice('docs/adr/'.length).split('-')[0]));
    expect(numbers.filter((each, at) => numbers.indexOf(each) !== at)).toEqual([]);
    const titles = decisions.map((page) => Number(/^# (\d+)\. /.exec(readFileSync(join(root, page), 'utf8'))?.[1]));
    expect(titles).toEqual(numbers);
  });

  it('list every page in their index', () => {
    const index = readFileSync(join(root, 'docs/index.md'), 'utf8');
    const listed = new Set(targetsOf(index).map((target) => normalize(join('docs', target.split('#')[0] ?? ''))));
    const missing = pages.filter(
      (page) => /^docs\/[^/]+\.md$/.test(page) && page !== 'docs/index.md' && !listed.has(page),
    );
    expect(missing).toEqual([]);
  });
});
