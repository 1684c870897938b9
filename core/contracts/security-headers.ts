/**
 * What the dashboard's page may load: its own files, and nothing inline. Scraped text is shown on this page, so a
 * script that slips through must find nothing that runs it. `data:` images are the icons that Vite inlines.
 */
export const contentSecurityPolicy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** Two years, which is what browsers' preload lists ask for. */
export const strictTransportSecuritySeconds = 63_072_000;

/** Sent with every file of the dashboard: by CloudFront on AWS, by the local dashboard server on a laptop. */
export const securityHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'strict-transport-security': `max-age=${strictTransportSecuritySeconds}; includeSubDomains`,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;
