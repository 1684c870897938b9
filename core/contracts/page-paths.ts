/**
 * The file that answers a path of the dashboard's origin, or `null` where the path is that of a file itself. The dashboard
 * routes its paths, symbols with a dot among them; the page of the API is a file of its own; a program that asks for JSON at
 * the start gets where the API is.
 *
 * CloudFront runs this function by its text, so it uses nothing from outside.
 *
 * @example
 * pageOf('/market/VOD.L', 'text/html') // '/index.html'
 * pageOf('/docs/', 'text/html') // '/docs/index.html'
 * pageOf('/docs/events', 'text/html') // '/docs/events/index.html'
 * pageOf('/', 'application/json') // '/index.json'
 * pageOf('/assets/index.js', '*' + '/' + '*') // null
 */
export function pageOf(path: string, accept: string): string | null {
  const first = path.split('/')[1] || '';
  if (first === 'docs') {
    if (path === '/docs' || path === '/docs/') return '/docs/index.html';
    return path === '/docs/events' || path === '/docs/events/' ? '/docs/events/index.html' : null;
  }
  if (path === '/status' || path === '/status/') return '/status/index.html';
  if (first === 'assets' || first.includes('.')) return null;
  const wantsJson = accept.includes('application/json') && !accept.includes('text/html');
  return path === '/' && wantsJson ? '/index.json' : '/index.html';
}
