import { vi } from 'vitest';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';

/** Every table of the database as one text. */
export async function everythingStored(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND NOT relispartition`,
  );
  const texts: string[] = [];
  for (const { name } of rows) {
    const held = await pool.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${name} t`);
    texts.push(...held.rows.map(({ row }) => `${name} ${row}`));
  }
  return texts.join('\n');
}

/** All that is written to the console and the process's outputs while `work` is done. */
export async function everythingLogged(work: () => Promise<void>): Promise<string> {
  const written: string[] = [];
  const note = (...parts: unknown[]) => {
    written.push(parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join(' '));
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(note),
    vi.spyOn(process.stderr, 'write').mockImplementation(note),
    ...(['log', 'info', 'warn', 'error', 'debug'] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation(note),
    ),
  ];
  try {
    await work();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return written.join('\n');
}

/** All the ways in which a text would show a secret: plain, URL-encoded, base64 at each of its three places. */
export function writingsOf(secret: string): string[] {
  const encoded = encodeURIComponent(secret);
  const forms = [secret, encoded, encoded.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())];
  const base64 = forms.flatMap((form) =>
    ['', 'x', 'xx'].map((lead) => {
      const text = Buffer.from(`${lead}${form}`).toString('base64').replaceAll('=', '');
      // Letters that also hang on what is beside the secret are not its own.
      return text.slice(Math.ceil((lead.length * 8) / 6), Math.floor(((lead.length + form.length) * 8) / 6));
    }),
  );
  return [...new Set([...forms, ...base64, ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))])];
}

/** Where a text shows a secret, as lines for people; none is what a test wants. */
export function shown(secrets: Iterable<string>, texts: Readonly<Record<string, string>>): string[] {
  const found: string[] = [];
  for (const secret of secrets)
    for (const form of writingsOf(secret))
      for (const [where, text] of Object.entries(texts)) if (text.includes(form)) found.push(`${where} shows ${form}`);
  return found;
}
