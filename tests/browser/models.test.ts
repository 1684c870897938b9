import { expect, it } from 'vitest';
import { textOf, useDashboard } from './dashboard.ts';

const dashboard = useDashboard();

it('a model is brought by paste: what is wrong is named by line, and it is stored once it is right', async () => {
  dashboard.double.state.models = [];
  const page = await dashboard.open('/models');
  await page.getByRole('heading', { name: 'No models yet' }).waitFor();
  await page.getByRole('button', { name: 'Import a model' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import a model' });
  await dialog.getByLabel('Name').fill('Core 60/40');
  await dialog.getByLabel('Holdings', { exact: true }).fill('symbol,weight\nAAPL,60%\nnot one!,30%\nNVDAA,10%');
  const wrong = dialog.getByRole('list', { name: 'What is wrong' });
  await wrong.waitFor();
  expect(await textOf(wrong)).toBe('Line 3: That cannot be a symbol. not one!');
  await dialog.getByText('NVDAA (NVDA?)').waitFor();
  const store = dialog.getByRole('button', { name: 'Store it' });
  expect(await store.getAttribute('aria-disabled')).toBe('true');

  await dialog.getByLabel('Holdings', { exact: true }).fill('symbol,weight,sector\nAAPL,60%,tech\nMSFT,40%,Energy');
  await expect.poll(() => wrong.count()).toBe(0);
  await expect.poll(() => store.getAttribute('aria-disabled')).toBe(null);
  await dialog.getByText('2 holdings, weights read as percent, 100.00 % in all.').waitFor();
  await store.click();
  await page.getByRole('heading', { name: 'Core 60/40' }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/models/core-60-40');
  expect(dashboard.double.state.models.map(({ id, name }) => [id, name])).toEqual([['core-60-40', 'Core 60/40']]);
  const sectors = page.getByRole('table', { name: 'Weight of each sector' });
  expect(await sectors.getByRole('rowheader').allTextContents()).toEqual(['Information Technology', 'Energy']);
});

it('weights that may be fractions or percent are refused until it is said which', async () => {
  const page = await dashboard.open('/models?import=1');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Tail');
  await dialog.getByLabel('Holdings', { exact: true }).fill('AAPL,0.3\nMSFT,0.2');
  await dialog.getByText('does not show whether they are fractions or percent').waitFor();
  await dialog.getByLabel('Weights are').selectOption('fraction');
  await dialog.getByText('50.00 % in all (not 100 %)').waitFor();
  await dialog.getByRole('button', { name: 'Store it' }).click();
  await page.getByText('The weights sum up to 50.00 %').waitFor();
});

it('a file is read as it is: JSON, and text that looks like markup or a formula, stay text', async () => {
  const page = await dashboard.open('/models?import=1');
  const dialog = page.getByRole('dialog');
  const holdings = [{ symbol: 'AAPL', weight: 1, sector: '<img src=x onerror=alert(1)>' }];
  await dialog.getByLabel('Choose a file').setInputFiles({
    name: 'From a file.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(holdings)),
  });
  await dialog.getByRole('cell', { name: '<img src=x onerror=alert(1)>' }).waitFor();
  expect(await dialog.getByLabel('Name').inputValue()).toBe('From a file');
  await dialog.getByRole('button', { name: 'Store it' }).click();
  await page.getByRole('rowheader', { name: '<img src=x onerror=alert(1)>' }).waitFor();
});

it('a model without all prices has no value, and names what is missing', async () => {
  const page = await dashboard.open('/models/with-gaps');
  await page.getByText('No value: 2 holdings have no price.').waitFor();
  expect(await textOf(page.getByRole('region', { name: 'Value and change of the day' }).locator('strong'))).toBe('–');
  const missing = page.getByRole('list', { name: 'Missing and stale prices' });
  await missing.getByText('NVDAA: nobody knows it. Did you mean NVDA?').waitFor();
  await missing.getByRole('button', { name: 'Collect ZZTOP' }).click();
  await expect.poll(() => dashboard.double.state.watched.has('ZZTOP')).toBe(true);
});

it('a model is valued for an amount, which its address keeps', async () => {
  const page = await dashboard.open('/models/global-leaders');
  const amount = page.getByLabel('Was worth at the close before');
  await amount.fill('250000');
  await amount.press('Enter');
  const value = page.getByRole('region', { name: 'Value and change of the day' }).locator('strong');
  await expect.poll(() => textOf(value)).toMatch(/^25\d,\d{3}\.\d\d$/);
  expect(new URL(page.url()).search).toBe('?amount=250000');
  expect(await page.getByRole('link', { name: 'CSV' }).getAttribute('href')).toBe(
    '/api/v1/models/global-leaders?format=csv',
  );
});

it('a model is changed, deleted, and put back', async () => {
  const page = await dashboard.open('/models/global-leaders');
  await page.getByRole('button', { name: 'Edit' }).click();
  const dialog = page.getByRole('dialog', { name: 'Edit Global leaders' });
  await dialog.getByText('8 holdings, weights read as fractions, 100.00 % in all.').waitFor();
  await dialog.getByLabel('Name').fill('World leaders');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'World leaders' }).waitFor();
  const kept = dashboard.double.state.models.find(({ id }) => id === 'global-leaders')?.holdings;
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('heading', { name: 'Models', exact: true }).waitFor();
  await expect.poll(() => page.getByRole('link', { name: 'World leaders' }).count()).toBe(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('link', { name: 'World leaders' }).waitFor();
  expect(dashboard.double.state.models.find(({ id }) => id === 'global-leaders')?.holdings).toEqual(kept);
});

it('who may only read sees models and changes none; ⌘K knows them', async () => {
  dashboard.double.state.scopes = ['read'];
  const page = await dashboard.open('/models');
  await page.getByRole('link', { name: 'Global leaders' }).waitFor();
  const button = page.getByRole('button', { name: 'Import a model' });
  expect(await button.getAttribute('aria-disabled')).toBe('true');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('global leaders');
  await page.getByRole('option', { name: /Global leaders/ }).click();
  await page.getByRole('heading', { name: 'Global leaders' }).waitFor();
});
