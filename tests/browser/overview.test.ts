import { describe, expect, it } from 'vitest';
import { sourceOf } from '../support/dashboard/operations-data.ts';
import { textOf, useDashboard } from './dashboard.ts';

describe('what is looked after', () => {
  const dashboard = useDashboard();

  describe('the overview', () => {
    it('says the state in a sentence', async () => {
      const page = await dashboard.look('/');
      await page
        .getByRole('link', {
          name: 'Stopped: 1 of 4 sources healthy; SlickCharts failed (format changed), CoinGecko limited (rate limited), Alpha Vantage stopped, messages are dead letters.',
        })
        .waitFor();
    });

    it('shows the score of the installation with what holds it, and how it was', async () => {
      const page = await dashboard.look('/');
      const state = page.getByRole('region', { name: 'State' });
      await state.getByText('of 100').waitFor();
      expect(await textOf(state)).toMatch(/38\s+of 100/);
      await state.getByText(/^held at 38 by the share of sources that work; their mean is \d+$/).waitFor();
      await state.getByRole('img', { name: 'System score, last 24 hours: 18 of 20 known hours healthy' }).waitFor();
      await state.getByRole('img', { name: 'System score, last 30 days: 12 of 14 known days healthy' }).waitFor();
      await expect.poll(() => textOf(state)).toMatch(/Last 24 hours\s+lowest 20\s+Last 30 days\s+lowest 20/);
    });

    it('warns in every corner when nothing is collected any more, though all sources were well', async () => {
      dashboard.double.state.sources = ['yahoo', 'coingecko'].map((id) => sourceOf(id));
      for (const service of dashboard.double.state.services) service.running = service.id !== 'scrapers';
      const page = await dashboard.open('/');
      const words = 'Stopped: 2 of 2 sources healthy; the service scrapers stopped, messages are dead letters.';
      await page.getByRole('link', { name: words }).waitFor();
      await page.getByText('held at 39 while nothing is collected; their mean is').waitFor();
      expect(await page.getByRole('link', { name: '2 of 2 healthy' }).getAttribute('title')).toBe(words);
      await page.goto(new URL('/sources', page.url()).href);
      await page.getByText(words).waitFor();
    });

    it('says so when the installation fails, which /health answers with a 503', async () => {
      dashboard.allow(/status of 503/);
      for (const source of dashboard.double.state.sources) Object.assign(source.health, { status: 'failed' });
      const page = await dashboard.open('/');
      await page.getByRole('link', { name: /^Failed: 0 of 4 sources healthy; / }).waitFor();
    });

    it('reports each exchange whether it is open and how old its newest price is', async () => {
      const page = await dashboard.look('/');
      const tokyo = page.getByRole('listitem').filter({ hasText: 'Tokyo' });
      await tokyo.waitFor();
      expect(await textOf(tokyo)).toMatch(
        /closed\s+since \w{3} \d\d:\d\d\s+opens \w{3} \d\d:\d\d\s+1 instrument, 1 stale/,
      );
      const nasdaq = page.getByRole('listitem').filter({ hasText: 'Nasdaq' });
      expect(await textOf(nasdaq)).toMatch(/closes in 5 h/);
    });

    it('says which daily bars of the last days are missing, and why', async () => {
      const page = await dashboard.open('/');
      await page.getByText(/^\d+ series miss sessions: \d+ the source failed\./).waitFor();
      await page.getByRole('link', { name: 'All sessions' }).click();
      await page.getByRole('heading', { name: 'Coverage', exact: true }).waitFor();
    });

    it('switches a service off and on again', async () => {
      const page = await dashboard.open('/');
      const scheduler = page.getByRole('switch', { name: 'Scheduler' });
      await scheduler.press('Space');
      await page.getByText('Scheduler stopped.').waitFor();
      await expect.poll(() => scheduler.getAttribute('aria-checked')).toBe('false');
      expect(dashboard.double.state.services[0]?.running).toBe(false);
      await page.getByRole('button', { name: 'Undo' }).click();
      await expect.poll(() => scheduler.getAttribute('aria-checked')).toBe('true');
    });

    it('stops a service for a time, and says when it resumes', async () => {
      const page = await dashboard.open('/');
      await page.getByRole('switch', { name: 'Ingest' }).press('Space');
      await page.getByLabel('When Ingest resumes').selectOption('resumes in 2 hours');
      await page.getByText('Ingest resumes in 2 h.').waitFor();
      expect(Date.parse(dashboard.double.state.services[2]?.stoppedUntil ?? '') - Date.now()).toBeGreaterThan(
        7_000_000,
      );
      const shown = page.getByLabel('When Ingest resumes').locator('option:checked');
      await expect.poll(() => shown.textContent()).toMatch(/^resumes in (1|2) h$/);
      await page.getByRole('switch', { name: 'Ingest' }).press('Space');
      await expect.poll(() => page.getByLabel('When Ingest resumes').count()).toBe(0);
    });

    it('says how many events wait to be published', async () => {
      dashboard.double.state.eventsWaiting = { waiting: 12, oldestSeconds: 700 };
      const page = await dashboard.open('/');
      await page.getByText('12 events wait to be published, the oldest for 700 s.').waitFor();
    });

    it('opens what a queue gave up on, by its address, as text', async () => {
      const page = await dashboard.look('/');
      await page.getByRole('link', { name: '1 dead in ingest: show them' }).click();
      const letters = page.getByRole('dialog', { name: 'Dead letters in ingest' });
      await letters.getByText('<script>alert(1)</script>').waitFor();
      expect(new URL(page.url()).search).toBe('?dead=ingest');
      await page.keyboard.press('Escape');
      await letters.waitFor({ state: 'detached' });
      await expect.poll(() => new URL(page.url()).search).toBe('');
    });
  });

  describe('what a queue gave up on', () => {
    it('stays when the queue cannot be reached, and is sent again by a press once it can, until none is left', async () => {
      dashboard.allow(/status of 503/);
      dashboard.double.state.fail.set('/dead-letters/redrive', {
        status: 503,
        code: 'unavailable',
        title: 'The service is not available now',
        detail: 'Nothing was changed. Try again shortly.',
      });
      const page = await dashboard.open('/?dead=ingest');
      const letters = page.getByRole('dialog', { name: 'Dead letters in ingest' });
      await letters.getByRole('button', { name: 'Redrive' }).click();
      await page.getByText('The dead letters of ingest were not redriven.').waitFor();
      await page.getByText('<script>alert(1)</script>').waitFor();

      dashboard.double.state.fail.clear();
      await letters.getByRole('button', { name: 'Redrive' }).click();
      await page.getByText('1 message moved back to ingest.').waitFor();
      await letters.getByText('None left').waitFor();
      expect(await letters.getByRole('button', { name: 'Redrive' }).count()).toBe(0);
      expect(dashboard.double.state.deadLetters).toEqual([]);
      await page.keyboard.press('Escape');
      await expect.poll(() => page.getByRole('link', { name: /dead in ingest/ }).count()).toBe(0);
    });

    it('cannot be sent by who may only read, and says why', async () => {
      dashboard.double.state.scopes = ['read'];
      const page = await dashboard.open('/?dead=ingest');
      const redrive = page.getByRole('button', { name: 'Redrive' });
      await redrive.waitFor();
      await expect.poll(() => redrive.getAttribute('title')).toContain('may only read');
      await redrive.click({ force: true });
      expect(dashboard.double.state.requests.filter((line) => line.startsWith('POST'))).toEqual([]);
    });
  });

  describe('a row in quarantine', () => {
    it('is replayed, followed, and its result said', async () => {
      const page = await dashboard.open('/quarantine?row=901');
      const row = page.locator('details[open]');
      await row.getByRole('button', { name: 'Replay' }).click();
      // A person may vouch for a price in whatever unit.
      await expect.poll(() => row.getByRole('button', { name: 'Accept price …' }).count()).toBe(1);
      await page.getByText('Replaying the answer with OCDO.L.').waitFor();
      const toast = page.getByRole('region', { name: 'Messages' }).locator('[data-tone]');
      await toast
        .getByText(
          'Nothing has left the quarantine. 1 raw answer replayed: 17 rows accepted, 0 of them new or changed, 1 rejected.',
        )
        .waitFor();
      // It is no success, and stays until it is read.
      expect(await toast.getAttribute('data-tone')).toBe('warning');
      expect(dashboard.double.state.replay?.asked).toEqual({ ids: ['901'], believe: false });
      await page.getByText('296.9 GBP is 100 times').first().waitFor();
    });

    it('that jumps is believed only after a question, and then leaves', async () => {
      const page = await dashboard.open('/quarantine?row=902');
      const believe = page.locator('details[open]').getByRole('button', { name: 'Accept price …' });
      await believe.click();
      const question = page.getByRole('dialog', { name: 'Accept this price?' });
      expect(await textOf(question)).toContain('SHIB-USD from coingecko: 0.0312 is 1,935 times');
      expect(await textOf(question)).toContain('cannot be undone');
      await question.getByRole('button', { name: 'Cancel' }).click();
      await question.waitFor({ state: 'detached' });
      expect(dashboard.double.state.replay).toBe(null);
      await believe.click();
      await question.getByRole('button', { name: 'Accept it' }).click();
      await question.waitFor({ state: 'detached' });
      const toast = page.getByRole('region', { name: 'Messages' }).locator('[data-tone]');
      await toast
        .getByText('1 row left the quarantine. 1 raw answer replayed: 17 rows accepted, 1 of them new')
        .waitFor();
      expect(await toast.getAttribute('data-tone')).toBe('done');
      expect(dashboard.double.state.replay?.asked).toEqual({ ids: ['902'], believe: true });
      await page.getByRole('heading', { name: 'Price jump, coingecko' }).waitFor({ state: 'detached' });
    });

    it('is replayed with all of its kind', async () => {
      const page = await dashboard.open('/quarantine');
      await page.getByRole('button', { name: 'Replay all' }).click();
      await page.getByText('2 raw answers replayed: 17 rows accepted').waitFor();
      expect(dashboard.double.state.replay?.asked).toEqual({
        sourceId: 'yahoo',
        reason: 'unit_suspect',
        believe: false,
      });
    });

    it('says when there is nothing to read any more, and cannot be pressed by who may only read', async () => {
      dashboard.allow(/status of 404/);
      const page = await dashboard.open('/quarantine?row=902');
      const again = page.locator('details[open]').getByRole('button', { name: 'Replay' });
      await again.waitFor();
      dashboard.double.state.quarantine = [];
      await again.click();
      await page.getByText('The answer with SHIB-USD was not replayed.').waitFor();
      await page.getByText('Nothing in quarantine').waitFor();

      dashboard.double.reset();
      dashboard.double.state.scopes = ['read'];
      await page.reload();
      const believe = page.locator('details[open]').getByRole('button', { name: 'Accept price …' });
      await believe.waitFor();
      await expect.poll(() => believe.getAttribute('title')).toContain('may only read');
      await believe.click({ force: true });
      expect(await page.getByRole('dialog').count()).toBe(0);
    });
  });

  describe('the quarantine', () => {
    it('groups by source and reason, and narrows to one group in the address', async () => {
      const page = await dashboard.open('/quarantine');
      await page.getByRole('heading', { name: 'Wrong unit, yahoo' }).waitFor();
      await expect
        .poll(() => page.getByRole('heading', { level: 2 }).allInnerTexts())
        .toEqual(['Wrong unit, yahoo', 'Price jump, coingecko', 'Unreadable, yahoo']);
      await page.getByRole('link', { name: 'Only these' }).nth(1).click();
      await expect
        .poll(() => page.getByRole('heading', { level: 2 }).allInnerTexts())
        .toEqual(['Price jump, coingecko']);
      expect(new URL(page.url()).search).toBe('?source=coingecko&reason=implausible_jump');
    });

    it('unfolds a row to what was read, where, and the raw answer it came from', async () => {
      const page = await dashboard.open('/quarantine');
      await page.getByText('296.9 GBP is 100 times').first().click();
      await page.getByText('quoteResponse.result.4.regularMarketPrice').last().waitFor();
      await expect.poll(() => new URL(page.url()).search).toBe('?row=901');
      await page.reload();
      const row = page.locator('details[open]');
      await row.getByText('0-1.json.gz').waitFor();
      await row.getByText('0.6616, what was stored then').waitFor();
      await row.getByRole('link', { name: '2.969 GBP' }).waitFor();
      await row.getByRole('button', { name: 'Show raw answer' }).click();
      await page.getByRole('dialog').locator('mark').first().waitFor();
    });

    it('has the fields that were wrong marked in its raw answer, beside the symbol', async () => {
      const row = dashboard.double.state.quarantine.find(({ id }) => id === '903');
      if (row) Object.assign(row, { symbol: 'AAPL', path: 'quoteResponse.result[1]' });
      if (row) row.finding = { code: 'invalid_fields', fields: ['regularMarketPrice'] };
      const page = await dashboard.open('/quarantine?row=903');
      await page.locator('details[open]').getByRole('button', { name: 'Show raw answer' }).click();
      const marks = page.getByRole('dialog').locator('mark');
      await expect.poll(() => marks.allTextContents()).toEqual(['"AAPL"', '"regularMarketPrice":296.9']);
    });
  });

  it('shows what was stored and what waited for the relay, in words and in a table', async () => {
    const page = await dashboard.open('/');
    const flow = page.locator('section', { has: page.getByRole('heading', { name: 'Flow' }) });
    await flow.getByRole('img', { name: /^Rows: last 3 hours by the minute, at most 130, at last 12\d$/ }).waitFor();
    await flow.getByRole('img', { name: /^Relay lag: .*, at most 42 s, at last 1 s$/ }).waitFor();
    await flow.getByText('As a table').click();
    // Minutes without anything have no rows.
    await expect.poll(() => flow.getByRole('row').count()).toBe(1 + 180 - 12);
    await flow.getByRole('combobox', { name: 'Time' }).selectOption('hour');
    await flow.getByRole('img', { name: /^Answers: last 7 days by the hour, at most 5, at last 5$/ }).waitFor();
    await expect.poll(() => flow.getByRole('row').count()).toBe(1 + 168 - 12);
  });

  describe('the palette', () => {
    it('goes to an instrument by its symbol', async () => {
      const page = await dashboard.open('/');
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: /Search/ }).waitFor();
      await page.keyboard.type('brk-b');
      await page.getByRole('option', { name: /BRK-B/ }).waitFor();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'BRK-B' }).waitFor();
    });

    it('waits for nobody who types a symbol and Enter at once', async () => {
      const page = await dashboard.open('/');
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: /Search/ }).fill('brk-b');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'BRK-B' }).waitFor();
    });

    it('goes to the symbol that was typed while others are listed that have its beginning', async () => {
      const page = await dashboard.open('/');
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      await page.keyboard.press('Control+k');
      const field = page.getByRole('combobox', { name: /Search/ });
      await field.fill('brk');
      await page.getByRole('option', { name: /^BRK-A/ }).waitFor();
      await field.fill('brk-b');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'BRK-B' }).waitFor();
    });

    it('has everything by name, and asks for no list of all prices', async () => {
      const page = await dashboard.open('/sources');
      await page.getByRole('article', { name: 'Yahoo Finance' }).waitFor();
      const names = async (text: string) => {
        await page.getByRole('combobox', { name: /Search/ }).fill(text);
        return page.getByRole('dialog').getByRole('option').allInnerTexts();
      };
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: /Search/ }).waitFor();
      for (const [text, first] of [
        ['coverage', /^Coverage/],
        ['run yahoo', /^Run Yahoo Finance now/],
        ['stop yahoo', /^Stop Yahoo Finance/],
        ['recover yahoo', /^Recover Yahoo Finance/],
        ['recover all', /^Recover all failing/],
        ['diagnose now', /^Diagnose now/],
        ['replay', /^Replay the quarantine of /],
        ['add shop', /^Add SHOP: collect it from now on/],
      ] as const)
        await expect.poll(async () => (await names(text))[0], { message: text }).toMatch(first);
      await page.getByRole('combobox', { name: /Search/ }).fill('no such thing at all');
      await page.getByText('Nothing here is called').waitFor();
      expect(dashboard.double.state.requests.filter((each) => each.startsWith('GET /quotes'))).toEqual([]);
    });

    it('offers who may only read where to go, and nothing to do', async () => {
      dashboard.double.state.scopes = ['read'];
      const page = await dashboard.open('/sources');
      await page.getByRole('article', { name: 'Yahoo Finance' }).waitFor();
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: /Search/ }).fill('yahoo');
      await page.getByRole('option', { name: /^Yahoo Finance/ }).waitFor();
      expect(await page.getByRole('option', { name: /Run|Stop|Recover|Replay/ }).count()).toBe(0);
    });

    it('does what a source can do', async () => {
      const page = await dashboard.open('/market');
      await page.getByRole('button', { name: 'Search instruments, sources, actions' }).click();
      await page.getByRole('combobox', { name: /Search/ }).waitFor();
      await page.keyboard.type('stop yahoo');
      await page.getByRole('option', { name: /Stop Yahoo Finance/ }).waitFor();
      await page.keyboard.press('Enter');
      await page.getByText('Yahoo Finance stopped.').waitFor();
      expect(await page.getByRole('combobox').count()).toBe(0);
    });
  });
});
