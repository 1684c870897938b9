import { expect, it } from 'vitest';
import { textOf, useDashboard } from './dashboard.ts';

const dashboard = useDashboard();

it('a channel is made first, whose secret is shown once; then a rule that leads there', async () => {
  const { alerts } = dashboard.double.state;
  Object.assign(alerts, { rules: [], channels: [], deliveries: [] });
  const page = await dashboard.open('/alerts');
  await page.getByRole('heading', { name: 'Nothing is sent to anybody yet' }).waitFor();
  await page.getByRole('button', { name: 'New channel' }).click();
  const channel = page.getByRole('dialog', { name: 'New channel' });
  await channel.getByLabel('Name').fill('risk');
  await channel.getByLabel('Address').fill('https://risk.example.com/secret-path');
  await channel.getByRole('button', { name: 'Make it' }).click();
  await page.getByText('whsec_c2hvd24gdGhpcyBvbmNl').waitFor();
  await page.getByRole('button', { name: 'I have copied it' }).click();
  await expect.poll(() => page.getByText('whsec_').count()).toBe(0);
  expect(await textOf(page.getByRole('main'))).not.toContain('secret-path');

  await page.getByRole('button', { name: 'New rule' }).click();
  const rule = page.getByRole('dialog', { name: 'New rule' });
  await rule.getByLabel('Name').fill('Apple high');
  await rule.getByLabel('Symbol').fill('AAPL');
  await rule.getByRole('textbox', { name: 'Price' }).fill('250.5');
  await rule.getByRole('button', { name: 'Make it' }).click();
  await page
    .getByRole('row', { name: /Apple high/ })
    .getByText('AAPL above 250.5')
    .waitFor();
  expect(dashboard.double.state.alerts.rules[0]?.channelIds).toEqual([dashboard.double.state.alerts.channels[0]?.id]);
});

it('a channel is tested, and the page says whether it arrived', async () => {
  const page = await dashboard.open('/alerts');
  await page.getByRole('button', { name: 'Test desk' }).click();
  await page.getByText('The test arrived at desk.').waitFor();
  await page.getByRole('cell', { name: 'a test' }).waitFor();
});

it('a rule is stopped, and started again by undo; what was given up is sent again', async () => {
  const page = await dashboard.open('/alerts');
  await page.getByRole('button', { name: 'Stop Apple above 240' }).click();
  await page.getByText('stopped (person)').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => page.getByText('stopped (person)').count()).toBe(0);
  await page.getByRole('button', { name: 'Send again' }).click();
  await page.getByText('It is sent to risk system once more.').waitFor();
});

it('what is stopped can be deleted, and the page says which rules then tell nobody', async () => {
  const page = await dashboard.open('/alerts');
  expect(await page.getByRole('button', { name: /^Delete/ }).count()).toBe(0);
  await page.getByRole('button', { name: 'Stop desk' }).click();
  await page.getByRole('button', { name: 'Delete desk' }).click();
  await page.getByText('desk is deleted. The rule "Any source" has no channel any more, and tells nobody.').waitFor();
  await page
    .getByRole('row', { name: /Any source/ })
    .getByText('deleted')
    .waitFor();
});

it('who may only read changes nothing', async () => {
  dashboard.double.state.scopes = ['read'];
  const page = await dashboard.open('/alerts');
  for (const name of ['New rule', 'New channel', 'Test desk', 'Stop Any source'])
    expect(await page.getByRole('button', { name }).getAttribute('aria-disabled')).toBe('true');
});
