import { describe, expect, it } from 'vitest';
import { type HtmlPage, readHtml } from '../../../../core/sources/reading/html.ts';

function pageOf(html: string): HtmlPage {
  const read = readHtml(html);
  if ('failure' in read) throw new Error(read.failure.message);
  return read;
}
const tableOf = (inner: string) => pageOf(`<table>${inner}</table>`).table('table');
const body = '<tbody><tr><td>GS</td><td>4.20</td><td>0.10</td><td>2.4%</td></tr></tbody>';
const columns = (inner: string, ...names: string[]) => names.map((name) => tableOf(inner + body)?.column(name));

describe('headings', () => {
  it.each([
    [
      'over two rows',
      '<thead><tr><th rowspan="2">Symbol</th><th rowspan="2">Price</th><th colspan="2">Today</th></tr><tr><th>Chg</th><th>% Chg</th></tr></thead>',
    ],
    [
      'below a title and above a row for filters',
      '<thead><tr><th colspan="4">Companies</th></tr><tr><th>Symbol</th><th>Price</th><th>Chg</th><th>% Chg</th></tr><tr><th><input></th><th></th><th></th><th></th></tr></thead>',
    ],
    [
      'over two columns, one of them in per cent',
      '<thead><tr><th>Symbol</th><th>Price</th><th colspan="2">Chg</th></tr><tr><th></th><th></th><th>$</th><th>%</th></tr></thead>',
    ],
    ['in cells of the head', '<thead><tr><td>Symbol</td><td>Price</td><td>Chg</td><td>% Chg</td></tr></thead>'],
    ['without a head', '<tbody><tr><th>Symbol</th><th>Price</th><th>Chg</th><th>% Chg</th></tr></tbody>'],
    [
      'with arrows for sorting, footnotes and colons',
      '<thead><tr><th>Symbol \u25b2\u25bc</th><th>Price<sup>1</sup></th><th>Chg:</th><th>\u2195 % Chg</th></tr></thead>',
    ],
  ])('%s are found', (_, head) => {
    expect(columns(head, 'symbol', 'Price', 'Chg', '% Chg')).toEqual([0, 1, 2, 3]);
    expect(tableOf(head + body)?.rows).toEqual([['GS', '4.20', '0.10', '2.4%']]);
  });

  it('over several columns of one kind are nobody\u2019s', () => {
    const head =
      '<thead><tr><th>Symbol</th><th colspan="2">Price</th><th>x</th></tr><tr><th></th><th>Bid</th><th>Ask</th><th></th></tr></thead>';
    expect(columns(head, 'Price', 'Bid', 'Ask', 'Price Ask')).toEqual([-1, 1, 2, 2]);
  });

  it('in a table of their own are those of the rows after it, if they are as many', () => {
    const heads = (...names: string[]) =>
      `<table class="a"><thead><tr>${names.map((name) => `<th>${name}</th>`).join('')}</tr></thead></table>`;
    const split = (before: string) => pageOf(`${before}<div><table class="a">${body}</table></div>`).table('.a');
    expect(split(heads('Symbol', 'Price', 'Chg', '% Chg'))?.column('Price')).toBe(1);
    expect(split(heads('Symbol', 'Price'))?.column('Price')).toBe(-1);
    expect(
      split(heads('Other', 'one', 'two', 'three') + heads('% Chg', 'Chg', 'Price', 'Symbol'))?.column('Symbol'),
    ).toBe(3);
  });
});

describe('rows', () => {
  const head = '<thead><tr><th>Symbol</th><th>Price</th><th>Chg</th></tr></thead>';
  it('are those of the body with data: no repeated headings, advertisements, sections and totals', () => {
    const rows = tableOf(`${head}<tbody>
      <tr><td>GS</td><td>4.20</td><td>1</td></tr>
      <tr><td>Symbol</td><td>Price</td><td>Chg</td></tr>
      <tr><td colspan="3">Advertisement: buy now</td></tr>
      <tr><th colspan="3">Technology</th></tr>
      <tr><th scope="row">KO</th><td>60.10</td><td>2</td></tr>
      <tr></tr>
    </tbody><tfoot><tr><td>Total</td><td>64.30</td><td>3</td></tr></tfoot>`)?.rows;
    expect(rows).toEqual([
      ['GS', '4.20', '1'],
      ['KO', '60.10', '2'],
    ]);
  });

  it('have their cells in their columns, whatever reaches into them from above or takes two', () => {
    const rows = tableOf(`${head}<tbody>
      <tr><td rowspan="2">GS</td><td>4.20</td><td>1</td></tr>
      <tr><td>4.30</td><td>2</td></tr>
      <tr><td>KO</td><td colspan="2">60.10</td></tr>
    </tbody>`)?.rows;
    expect(rows).toEqual([
      ['GS', '4.20', '1'],
      ['GS', '4.30', '2'],
      ['KO', '60.10', ''],
    ]);
  });

  it('of several tables of a kind are those of the one that has the most', () => {
    const table = (rows: number) => `<table class="a"><tbody>${'<tr><td>x</td></tr>'.repeat(rows)}</tbody></table>`;
    const page = pageOf(`${table(0)}${table(2)}${table(5)}${table(3)}`);
    expect(page.table('.a')?.rows).toHaveLength(5);
    expect(page.tables('.a').map(({ rows }) => rows.length)).toEqual([5, 3, 2, 0]);
  });
});

describe('a page that was kept without marks', () => {
  it('is read without what it says itself is not displayed', () => {
    const rows = tableOf(`<tbody>
      <tr><td>GS<span hidden>GS</span></td><td>a<i style="display: none">b</i></td><td>c<b class="x sr-only">d</b></td><td hidden>e</td></tr>
      <tr style="display:none"><td>x</td><td>x</td><td>x</td></tr></tbody>`)?.rows;
    expect(rows).toEqual([['GS', 'a', 'c']]);
  });

  it('has no tables of templates', () => {
    expect(pageOf(`<template><table class="a">${body}</table></template>`).table('.a')).toBeNull();
  });
});
