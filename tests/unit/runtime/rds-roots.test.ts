import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { databaseSettings } from '../../../core/runtime/settings.ts';

const folder = join(import.meta.dirname, '../../../core/adapters/postgres/roots');
const files = readdirSync(folder);

describe('the root certificates of RDS', () => {
  it('are there for the regions that most accounts use', () => {
    expect(files.length).toBeGreaterThan(25);
    expect(files).toEqual(expect.arrayContaining(['us-east-1.pem', 'eu-central-1.pem', 'ap-southeast-2.pem']));
  });

  it.each(files)('%s is Amazon’s for that region, signed by itself, and valid for decades', (file) => {
    const root = new X509Certificate(readFileSync(join(folder, file)));
    expect(root.subject).toContain(`CN=Amazon RDS ${file.replace('.pem', '')} Root CA RSA2048 G1`);
    expect(root.subject).toMatch(/^O=Amazon Web Services\\, Inc\.$/m);
    expect(root.issuer).toBe(root.subject);
    expect(root.ca).toBe(true);
    expect(root.verify(root.publicKey)).toBe(true);
    expect(new Date(root.validTo).getUTCFullYear()).toBeGreaterThan(2060);
  });
});

describe('a function on AWS', () => {
  beforeEach(() => {
    for (const [name, value] of Object.entries({
      DATABASE_URL: '',
      DB_HOST: 'db.example.com',
      DB_NAME: 'quotron',
      DB_USER: 'quotron_app',
      DB_ROOTS: folder,
    }))
      vi.stubEnv(name, value);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('trusts the root of its own region, and no other', () => {
    vi.stubEnv('AWS_REGION', 'eu-central-1');
    const settings = databaseSettings();
    const roots = 'roots' in settings ? settings.roots : '';
    expect(roots.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
    expect(new X509Certificate(roots).subject).toContain('eu-central-1');
  });

  it('says at its start that a region’s is missing', () => {
    vi.stubEnv('AWS_REGION', 'xx-nowhere-9');
    expect(databaseSettings).toThrow('DB_ROOTS');
    expect(databaseSettings).toThrow('xx-nowhere-9');
  });
});
