import { describe, expect, it } from 'vitest';
import { parserOf } from '../../../../core/sources/catalogue.ts';
import { standInOf } from '../../../../core/sources/reading/stand-ins.ts';
import { page as brokerPage, golden as brokerRows } from '../demo-broker/good-page.ts';
import { golden, page } from '../slickcharts/good-page.ts';

const html = (title: string, body: string) =>
  `<!DOCTYPE html><html><head><title>${title}</title></head><body>${body}</body></html>`;
const members = (body: string) =>
  `<html><body><h1>Dow</h1><table class="table table-hover table-borderless table-sm"><thead><tr><th>Company</th><th>Symbol</th><th>Weight</th><th>Price</th></tr></thead><tbody>${body}</tbody></table></body></html>`;

const standIns = [
  ['maintenance', html("We'll be right back", '<h1>Scheduled maintenance</h1>')],
  ['maintenance', html('SlickCharts', '<p>The site is down for maintenance. Thank you for your patience.</p>')],
  ['maintenance', html('Service Unavailable', '<p>HTTP Error 503</p>')],
  ['maintenance', html('Demo', '<div class="maintenance-page"><p>Back at noon</p></div>')],
  ['maintenance', html('Wartung', '<p>Wegen Wartungsarbeiten nicht erreichbar</p>')],
  ['maintenance', html('Site', '<h1>We&rsquo;ll be back!</h1><p>We&rsquo;re performing some maintenance.</p>')],
  ['maintenance', html('Demo', '<h1>Planned outage</h1><p>From 02:00 to 04:00 UTC.</p>')],
  ['maintenance', html('Demo', '<p>Our website is getting an upgrade. Check back in a few minutes.</p>')],
  ['maintenance', html('Demo', '<p>Estamos realizando tareas de mantenimiento.</p>')],
  ['maintenance', html('Demo', '<h1>Data temporarily not available</h1>')],
  ['maintenance', html('Demo', '<p>Unsere Seite wird gerade gewartet. Wir sind gleich wieder für Sie da.</p>')],
  ['maintenance', html('Demo', '<p>Dieser Dienst ist vorübergehend nicht verfügbar.</p>')],
  ['maintenance', html('Demo', '<h1>Bald wieder da</h1>')],
  ['maintenance', html('メンテナンスのお知らせ', '<p>ご不便をおかけします</p>')],
  ['maintenance', html('Demo', '<p>ただいまシステムメンテナンス中です。しばらくお待ちください。</p>')],
  ['maintenance', html('Demo', '<p>現在ご利用いただけません。</p>')],
  ['maintenance', html('Demo', '<h1>Coming soon</h1><p>Leave your address to hear of it.</p>')],
  ['maintenance', html('Demo', '<p>Our new website is on its way.</p>')],
  ['host_parked', html('Account Suspended', '<p>Contact your hosting provider for more information.</p>')],
  ['host_parked', html('slick.example', '<p>This domain is for sale. Click here to inquire.</p>')],
  ['host_parked', html('slick.example', '<p>This Web page is parked free, courtesy of a registrar.</p>')],
  ['host_parked', html('Domain expired', '<p>The name was not renewed.</p>')],
  ['host_parked', html('Welcome to nginx!', '<h1>Welcome to nginx!</h1><p>Further configuration is required.</p>')],
  ['host_parked', html('Apache2 Ubuntu Default Page: It works', '<p>It works!</p>')],
  ['host_parked', html('Demo', '<div class="parked-page"><p>Related links</p></div>')],
  ['host_parked', html('Demo', '<p>Diese Domain steht zum Verkauf.</p>')],
  ['waiting_room', html('Demo', '<p>You are in a queue. Estimated wait: 3 minutes.</p>')],
  ['error_page', html('502 Bad Gateway', '<center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center>')],
  ['error_page', html('Oops', '<h1>Something went wrong</h1><p>Please reload.</p>')],
  ['error_page', html('Demo', '<p>We are experiencing technical difficulties.</p>')],
  ['error_page', html('Error', '<h1>Error establishing a database connection</h1>')],
  ['page_not_found', html('404', '<p>Page not found</p>')],
  ['page_not_found', html('Error', '<h1>Sorry, we couldn&rsquo;t find that page</h1>')],
  ['no_prices_notice', members('<tr><td colspan="4">No data available in table</td></tr>')],
  ['still_loading', html('App', '<div id="root"></div><script src="/a.js"></script>')],
  ['still_loading', html('App', '<div id="root"><div class="lds-ring"><div></div></div></div>')],
  [
    'still_loading',
    members('<tr><td><span class="MuiSkeleton-root"></span></td><td></td><td></td><td></td></tr>'.repeat(30)),
  ],
  ['still_loading', members('<tr><td>—</td><td>—</td><td>-</td><td>…</td></tr>'.repeat(30))],
  ['page_not_found', html('Demo', '<h1>Oops!</h1><p>Sorry, the page you’re looking for has moved.</p>')],
  ['still_loading', members('<tr><td colspan="4">Loading…</td></tr>')],
  ['still_loading', members('<tr class="skeleton-row"><td></td><td></td><td></td><td></td></tr>')],
  ['still_loading', html('Demo', '<div class="spinner-border" role="status"></div>')],
  ['still_loading', html('Demo', '<main aria-busy="true"></main>')],
  ['still_loading', html('Demo', '<p>Please wait while we fetch the data</p>')],
] as const;

const fetchedAt = '2026-11-24T17:00:00.000Z';
const answer = (body: string, symbols: readonly string[]) => ({
  request: { symbols },
  response: { status: 200, headers: {}, body, truncated: false },
  error: null,
  fetchedAt,
});

describe('a page that will be right soon', () => {
  it.each(standIns)('%s: %s', async (code, body) => {
    expect(standInOf(body)).toMatchObject({ reason: 'down', detail: { code } });
    const slickcharts = await parserOf('slickcharts');
    expect(slickcharts.failureIn('constituents', answer(body, ['dowjones']))).toMatchObject({
      reason: 'down',
      detail: { code },
    });
    const broker = await parserOf('demo-broker');
    expect(broker.failureIn('quotes', answer(body, ['AAPL']))).toMatchObject({ reason: 'down', detail: { code } });
    const yahoo = await parserOf('yahoo');
    expect(yahoo.failureIn('quotes', answer(body, ['AAPL']))).toMatchObject({ reason: 'down', detail: { code } });
  });

  it('is told from a redesign, whatever leftovers that has', async () => {
    const slickcharts = await parserOf('slickcharts');
    const redesigned = [
      page(golden).replace('table-hover', 'grid').replace('<h1>', '<div class="spinner" hidden></div><h1>'),
      page(golden, ['#', 'Holding', 'Ticker', 'Share', 'Last', 'Chg', '% Chg']),
      html(
        'Dow',
        `<h1>Dow</h1><div class="loader"></div>${golden.map((row) => `<div class="row">${row.join(' ')} and more about it</div>`).join('')}`,
      ),
      html('Dow', '<h1>Dow</h1><p>Members of the index</p>'),
    ];
    for (const body of redesigned)
      expect(slickcharts.failureIn('constituents', answer(body, ['dowjones']))?.reason).toBe('schema_drift');
  });

  it('is told from a good page that mentions it', async () => {
    const slickcharts = await parserOf('slickcharts');
    const broker = await parserOf('demo-broker');
    const notice =
      '<div class="loading" hidden></div><p>Scheduled maintenance on Sunday. Loading… Page not found.</p></body>';
    const good = page(golden).replace('</body>', notice);
    expect(slickcharts.failureIn('constituents', answer(good, ['dowjones']))).toBeNull();
    const positions = brokerPage(brokerRows).replace('</body>', notice);
    expect(broker.failureIn('quotes', answer(positions, ['AAPL']))).toBeNull();
  });
});
