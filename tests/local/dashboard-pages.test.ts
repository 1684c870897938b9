import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import * as z from 'zod';
import { findingSchema } from '../../core/contracts/http/findings.ts';
import { planCycle } from '../../localstack/cycle.ts';
import { launchChromium } from '../support/dashboard/chromium.ts';
import { deployedPage } from '../support/dashboard/deployed-page.ts';
import { eventually, sharedCloud } from '../support/shared-cloud.ts';

const cloud = sharedCloud();
const ports = inject('alertPorts');

/** Waits for the end of runs, also of tasks that wait for the minutes' quota. */
const ended = (runs: readonly string[]) =>
  eventually(
    'the end of the runs',
    async () => {
      const open = await cloud.pool.query(
        'SELECT FROM task WHERE run_id = ANY ($1::uuid[]) AND finished_at IS NULL LIMIT 1',
        [runs],
      );
      return open.rowCount === 0 ? true : undefined;
    },
    240_000,
  );

/** The main job of each page beside those of dashboard.test.ts, in a real browser on the deployed cloud. */
describe('the other pages of the dashboard, deployed', () => {
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    await cloud.noFaults();
    for (const job of ['quotes', 'daily-bars']) await ended(await planCycle(cloud.functions, job));
    browser = await launchChromium();
    page = await deployedPage(browser, cloud, complaints);
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    expect(complaints).toEqual([]);
  });

  const open = (path: string) => page.goto(`${cloud.dashboardUrl}${path}`);
  const press = (name: string | RegExp, within: Page | Locator = page) => within.getByRole('button', { name }).click();

  it('stores a model from a file of CSV, and shows what it is worth', async () => {
    await open('/models?import=1');
    const dialog = page.getByRole('dialog', { name: 'Import a model' });
    await dialog.getByLabel('Choose a file').setInputFiles({
      name: 'Two of the deployed.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('symbol,weight,sector\nAAPL,60%,Technology\nMSFT,40%,Technology\n'),
    });
    try {
      await press('Store it', dialog);
      await page.getByRole('heading', { name: 'Two of the deployed' }).waitFor();
      const value = page.getByRole('region', { name: 'Value and change of the day' }).locator('strong');
      await expect.poll(() => value.textContent(), { timeout: 60_000 }).toMatch(/^[\d,]+\.\d\d$/);
      await page.getByRole('rowheader', { name: 'Information Technology' }).waitFor();
    } finally {
      await cloud.ask('/models/two-of-the-deployed', { method: 'DELETE', as: 'operate' });
    }
  });

  it('makes a channel and a rule, and sees a test arrive', async () => {
    const named = [
      ['rules', 'deployed high'],
      ['channels', 'deployed desk'],
    ] as const;
    const received: string[] = [];
    const receiver: Server = createServer(async (request, response) => {
      received.push(await text(request));
      response.writeHead(204).end();
    });
    await new Promise<void>((done) => receiver.listen(ports.http, '127.0.0.1', done));
    // Its first tick brings the key that channels are sealed to.
    await cloud.functions.invoke('deliver-alerts', {});
    try {
      await open('/alerts?make=channel');
      const channel = page.getByRole('dialog', { name: 'New channel' });
      await channel.getByLabel('Name').fill('deployed desk');
      await channel.getByLabel('Address').fill(`http://127.0.0.1:${ports.http}/hook`);
      await press('Make it', channel);
      await page.getByText(/^whsec_/).waitFor();
      await press('I have copied it');
      await press('New rule');
      const rule = page.getByRole('dialog', { name: 'New rule' });
      await rule.getByLabel('Name').fill('deployed high');
      await rule.getByLabel('Symbol').fill('AAPL');
      await rule.getByRole('textbox', { name: 'Price' }).fill('1000000');
      await press('Make it', rule);
      await page
        .getByRole('row', { name: /deployed high/ })
        .getByText('AAPL above 1000000')
        .waitFor();
      await press('Test deployed desk');
      await page.getByText('The test arrived at deployed desk.').waitFor();
      expect(received.map((body) => JSON.parse(body).type)).toEqual(['quotron.alert.test']);
      await page
        .getByRole('row', { name: /a test deployed desk/ })
        .getByText('delivered')
        .waitFor();
    } finally {
      for (const [of, name] of named) {
        const all = await cloud.read(`/alerts/${of}`, z.array(z.object({ id: z.string(), name: z.string() })));
        const id = all.find((one) => one.name === name)?.id;
        if (id) await cloud.ask(`/alerts/${of}/${id}`, { method: 'DELETE', as: 'operate' });
      }
      receiver.closeAllConnections();
      await new Promise((done) => receiver.close(done));
    }
  });

  it('makes a key, shows it once, and revokes it', async () => {
    const statusWith = async (key: string) =>
      (await cloud.ask('/quotes/AAPL', { as: null, headers: { 'x-api-key': key } })).status;
    await open('/keys');
    await press('New key');
    await page.getByLabel('Name').fill('deployed sheet');
    await press('Make it');
    const made = page.getByRole('dialog', { name: 'deployed sheet is made' });
    const key = (await made.getByText(/^qtr_/).first().textContent()) ?? '';
    expect(await statusWith(key)).toBe(200);
    await press('I have copied it');
    await expect.poll(() => page.getByText(key).count()).toBe(0);
    await press('Revoke deployed sheet');
    await press('Revoke it');
    await page.getByText('deployed sheet is revoked').waitFor();
    await expect.poll(() => statusWith(key), { timeout: 60_000, interval: 1_000 }).toBe(401);
  });

  it('shows runs as a timeline, and opens one', async () => {
    await open('/runs?source=yahoo&status=succeeded');
    await page.getByRole('img', { name: /^Timeline of \d+ runs/ }).waitFor();
    const row = page.locator('tbody tr', { hasText: 'daily-bars' }).first();
    await row.getByRole('link').first().click();
    const run = page.getByRole('region', { name: 'Run' });
    await run
      .getByText(/daily-bars/)
      .first()
      .waitFor();
    await run.getByText('Attempt 1: answered').first().waitFor();
  });

  it('shows which sessions have bars', async () => {
    await open('/coverage?source=yahoo&symbol=AAPL');
    await page.getByRole('img', { name: /^AAPL from yahoo, .*: [1-9]\d* sessions present/ }).waitFor();
  });

  it('has a finding accepted after a question, and no more shown', async () => {
    await cloud.fault({ source: 'yahoo', fault: 'dividend-unit', symbol: 'JPM', on: true });
    try {
      await ended(await planCycle(cloud.functions, 'daily-bars'));
    } finally {
      await cloud.noFaults();
    }
    const openOnes = () => cloud.read('/findings?symbol=JPM', z.array(findingSchema));
    await open('/findings?source=yahoo&symbol=JPM');
    const accept = page.getByRole('button', { name: 'Accept the finding on JPM' });
    await accept.first().waitFor();
    const before = (await openOnes()).length;
    await accept.first().click();
    await press(/^Accept$/);
    await page.getByText('1 finding accepted.').waitFor();
    expect(await openOnes()).toHaveLength(before - 1);
    await expect.poll(() => accept.count()).toBe(before - 1);
  }, 600_000);

  it('redrives dead letters, and what was in them is stored', async () => {
    const message = await cloud.quotesAgain();
    const QueueUrl = cloud.outputOf('DeadQueueIngest');
    await cloud.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(message) }));
    await open('/');
    await page.getByRole('link', { name: /dead in ingest: show them/ }).click();
    const letters = page.getByRole('dialog', { name: 'Dead letters in ingest' });
    await letters.getByText(message.blobKey).waitFor();
    await press('Redrive', letters);
    await page.getByText(/moved back to ingest\./).waitFor();
    await letters.getByText('None left').waitFor();
    await eventually('the message to be stored', async () => {
      const found = await cloud.rows('SELECT FROM batch WHERE blob_key = $1 AND accepted > 0', [message.blobKey]);
      return found.length > 0 ? true : undefined;
    });
  });

  it('says what is configured and by whom, and no secret', async () => {
    await open('/settings');
    const database = page.getByRole('row', { name: /^Connection/ });
    await database.getByText('set (not shown)').waitFor();
    await page
      .getByRole('row', { name: /QUOTRON_CORS_ORIGINS/ })
      .getByText('https://notebook.example')
      .waitFor();
    const shown = (await page.getByRole('main').textContent()) ?? '';
    for (const key of [...Object.values(cloud.apiKeys), new URL(cloud.databaseUrl).password])
      expect(shown).not.toContain(key);
  });

  it('makes an export, and its link gives the file', async () => {
    await open('/exports?make=1');
    const form = page.getByRole('dialog', { name: 'New export' });
    await form.getByRole('textbox', { name: /^Symbols/ }).fill('AAPL');
    await form.getByLabel('quotes as they came (tick)').uncheck();
    await press('Export', form);
    const made = page.getByRole('dialog', { name: 'Export of AAPL' });
    await made.getByRole('button', { name: 'Make links' }).click({ timeout: 120_000 });
    const coming = page.waitForEvent('download');
    await made
      .getByRole('list', { name: 'Files' })
      .getByRole('link', { name: /\.parquet$/ })
      .first()
      .click();
    const file = await coming;
    expect((await readFile(await file.path())).subarray(0, 4).toString()).toBe('PAR1');
    expect(file.suggestedFilename()).toMatch(/\.parquet$/);
  });
});
