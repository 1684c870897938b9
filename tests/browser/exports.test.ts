import { expect, it } from 'vitest';
import { exportOf } from '../support/dashboard/export-data.ts';
import { textOf, useDashboard } from './dashboard.ts';

const dashboard = useDashboard();
const doneId = exportOf().id;

it('an export is asked for by a form, refused with the reason, and followed until its files are there', async () => {
  dashboard.double.state.exports = [];
  dashboard.allow(/status of 404/);
  const page = await dashboard.open('/exports');
  await page.getByRole('heading', { name: 'No exports yet' }).waitFor();
  await page.getByRole('button', { name: 'New export' }).click();
  const form = page.getByRole('dialog', { name: 'New export' });
  await form.getByRole('textbox', { name: /^Symbols/ }).fill('AAPL, NVDAA');
  await form.getByLabel('1h').check();
  await form.getByLabel('1d').uncheck();
  await form.getByLabel('From').fill('2026-01-05');
  await form.getByLabel('To').fill('2026-02-06');
  await form.getByRole('button', { name: 'Export' }).click();
  await form.getByRole('alert').getByText('No source has data for NVDAA.').waitFor();

  await form.getByRole('textbox', { name: /^Symbols/ }).fill('AAPL VOD.L');
  await form.getByRole('button', { name: 'Export' }).click();
  await expect.poll(() => dashboard.double.state.exports.length).toBe(1);
  const [asked] = dashboard.double.state.exports;
  expect(asked).toMatchObject({
    ...{ symbols: ['AAPL', 'VOD.L'], exchange: null, intervals: ['tick', '1h'] },
    ...{ from: '2026-01-05', to: '2026-02-06' },
  });
  const dialog = page.getByRole('dialog', { name: 'Export of AAPL, VOD.L' });
  await dialog.getByText('Running, 0 of 2 parts').waitFor();
  expect(new URL(page.url()).search).toBe(`?id=${asked?.id}`);
  await dialog.getByRole('button', { name: 'Make links' }).waitFor();
  await expect.poll(() => page.getByRole('row', { name: /AAPL, VOD\.L succeeded/ }).count()).toBe(1);
});

it('one of an exchange names the exchange, and one of everything neither', async () => {
  dashboard.double.state.exports = [];
  const page = await dashboard.open('/exports?make=1');
  const form = page.getByRole('dialog', { name: 'New export' });
  await form.getByLabel('an exchange').check();
  await form.getByRole('combobox', { name: /^Exchange/ }).selectOption('XNAS');
  await form.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('dialog', { name: 'Export of XNAS' }).waitFor();
  await page.goto(`${dashboard.double.url}/exports?make=1`);
  await form.getByLabel('everything').check();
  await form.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('dialog', { name: 'Export of everything' }).waitFor();
  expect(dashboard.double.state.exports.map(({ symbols, exchange }) => [symbols, exchange])).toEqual([
    [null, null],
    [null, 'XNAS'],
  ]);
});

it('its address leads to it, and links are made when they are asked for, page by page', async () => {
  const page = await dashboard.open(`/exports?id=${doneId}`);
  const dialog = page.getByRole('dialog', { name: 'Export of XNAS' });
  await dialog.getByText('18,402,117 rows in 187 files, 912 MB').waitFor();
  await dialog.getByText(`npx quotron export download ${doneId}`).waitFor();
  const asked = () => dashboard.double.state.requests.filter((request) => request.includes('/files'));
  expect(asked()).toEqual([]);
  await dialog.getByRole('button', { name: 'Make links' }).click();
  const files = dialog.getByRole('list', { name: 'Files' }).getByRole('link');
  await expect.poll(() => files.count()).toBe(3);
  expect(await files.first().getAttribute('href')).toBe(
    `https://bucket.invalid/exports/${doneId}/_manifest.json?signed`,
  );
  await dialog.getByRole('button', { name: 'More files' }).click();
  await expect.poll(() => files.count()).toBe(4);
  expect(await textOf(files.last())).toMatch(/^quotes\/exchange=XNAS\/interval=tick\/month=2026-10\/\w+\.parquet$/);
  expect(asked()).toHaveLength(2);
  await page.keyboard.press('Escape');
  await expect.poll(() => new URL(page.url()).search).toBe('');
});

it('one that is being written is stopped, one that is done is withdrawn, after a question', async () => {
  const page = await dashboard.open('/exports');
  await page.getByRole('link', { name: 'AAPL, MSFT, NVDA and 2 others' }).click();
  const running = page.getByRole('dialog', { name: 'Export of AAPL, MSFT, NVDA' });
  await running.getByText('yahoo: their licence does not allow the use of the key that asked').waitFor();
  await running.getByRole('progressbar', { name: 'Parts that are written' }).waitFor();
  await running.getByRole('button', { name: 'Stop …' }).click();
  expect(dashboard.double.state.exports[0]?.status).toBe('running');
  await running.getByRole('button', { name: 'Stop it' }).click();
  await page.getByText('The export is cancelled.').waitFor();
  await running.getByText('Cancelled').waitFor();
  await page.keyboard.press('Escape');

  await page.getByRole('link', { name: 'XNAS', exact: true }).click();
  const done = page.getByRole('dialog', { name: 'Export of XNAS' });
  await done.getByRole('button', { name: 'Withdraw …' }).click();
  await done.getByRole('button', { name: 'Withdraw it' }).click();
  await page.getByText('The export is withdrawn.').waitFor();
  await expect.poll(() => done.getByRole('button', { name: 'Make links' }).count()).toBe(0);
});

it('says why one failed, and what has become of old ones', async () => {
  const page = await dashboard.open('/exports');
  await page.getByRole('link', { name: 'everything' }).click();
  await page.getByText('Failed: it would have too many rows: ask for fewer days, symbols or intervals').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'XLON' }).click();
  await page.getByText('Files are kept for 7 days.').waitFor();
});

it('a key that only reads sees them with their links, and neither makes nor ends one', async () => {
  dashboard.double.state.scopes = ['read'];
  const page = await dashboard.open(`/exports?id=${doneId}`);
  const dialog = page.getByRole('dialog', { name: 'Export of XNAS' });
  const withdraw = dialog.getByRole('button', { name: 'Withdraw …' });
  await withdraw.waitFor();
  await expect.poll(() => withdraw.getAttribute('aria-disabled')).toBe('true');
  await dialog.getByRole('button', { name: 'Make links' }).click();
  await dialog.getByRole('link', { name: '_manifest.json' }).waitFor();
  await page.goto(`${dashboard.double.url}/exports?make=1`);
  const make = page.getByRole('button', { name: 'New export' });
  await make.waitFor();
  expect(await make.getAttribute('title')).toContain('scope “operate”');
  expect(await page.getByRole('dialog').count()).toBe(0);
});

it('one that is not there says so', async () => {
  dashboard.allow(/status of 404/);
  const page = await dashboard.open('/exports?id=0198a7c0-0000-5000-8000-0000000000ff');
  await page.getByRole('dialog').getByText('There is no such export').waitFor();
});

it('is found by ⌘K: the page, and its form', async () => {
  const page = await dashboard.open('/');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: /Search/ }).fill('export');
  await page.getByRole('option', { name: /^Exports/ }).waitFor();
  await page.getByRole('option', { name: /Export prices as files/ }).click();
  await page.getByRole('dialog', { name: 'New export' }).waitFor();
});
