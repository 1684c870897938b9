import { expect, it, vi } from 'vitest';
import { createApiKey } from '../../../core/auth/api-keys.ts';
import { logger } from '../../../core/runtime/observe.ts';

it('a log line has no key, wherever in it one is', () => {
  const { key } = createApiKey('feed');
  const lines: string[] = [];
  const written = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((text) => lines.push(String(text)) > 0),
  );
  const level = logger.getLevelName();
  logger.setLogLevel('ERROR');
  try {
    const cause = new TypeError(`Invalid URL: /api/v1/k/${key}/quotes`);
    logger.error(`cannot read ${key}`, { error: new Error('cannot read', { cause }), nested: { path: [`/k/${key}`] } });
  } finally {
    for (const each of written) each.mockRestore();
    logger.setLogLevel(level);
  }
  expect(lines.join('')).toContain('qtr_feed_***');
  expect(lines.join('')).not.toContain(key.slice(9, 40));
});
