import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../../core/ports/clock.ts';
import { type CertifiedKey, hostsOf, makeAuthority, makeLeaf, type Period } from './certificates.ts';

/** A setting or a file of `quotron proxy --as-yahoo` that the person who started it can put right. */
export class AsYahooError extends Error {
  override readonly name = 'AsYahooError';
}

/** The authority of an installation, in a folder. Nobody trusts it until its owner tells a client to. */
export interface Authority {
  /** What clients are told to trust. */
  readonly file: string;
  /** Whether it was made now, so that no client knows it yet. */
  readonly isNew: boolean;
  /** A new certificate for the hosts, which ends soon. */
  leaf(): CertifiedKey;
}

const day = 86_400_000;
const authorityDays = 730;
/** A new authority is made while the old one is still good for so long. */
const renewDays = 30;
export const leafDays = 7;

/**
 * Opens the authority of a folder; makes one where there is none, where it ends soon, or where it is for other hosts. Its
 * key is readable for its owner only: one that others can read is refused.
 */
export function openAuthority(folder: string, hosts: readonly string[], now: Clock): Authority {
  const files = { certificate: join(folder, 'ca.pem'), key: join(folder, 'ca.key') };
  const kept = existsSync(files.key) && existsSync(files.certificate) ? read(files) : null;
  const isGood = kept !== null && holds(kept, hosts, now());
  const authority = isGood ? kept : makeAuthority(hosts, lasting(now(), authorityDays));
  if (!isGood) {
    mkdirSync(folder, { recursive: true });
    write(files.key, authority.key, 0o600);
    write(files.certificate, authority.certificate, 0o644);
  }
  return {
    file: files.certificate,
    isNew: !isGood,
    leaf: () => makeLeaf(authority, hosts, lasting(now(), leafDays)),
  };
}

function read(files: { readonly certificate: string; readonly key: string }): CertifiedKey {
  // Windows has no such modes.
  if (process.platform !== 'win32' && (statSync(files.key).mode & 0o077) !== 0)
    throw new AsYahooError(
      `Others can read ${files.key}, with which they could answer as Yahoo to whoever trusts it. Delete its folder, and have clients trust the new certificate that the next start makes.`,
    );
  const authority = { certificate: readFileSync(files.certificate, 'utf8'), key: readFileSync(files.key, 'utf8') };
  if (!isPair(authority))
    throw new AsYahooError(
      `${files.certificate} and ${files.key} are no certificate with its key. Delete both, and have clients trust the new certificate that the next start makes.`,
    );
  return authority;
}

function isPair({ certificate, key }: CertifiedKey): boolean {
  try {
    makeLeaf({ certificate, key }, ['localhost'], lasting(0, 1));
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function holds({ certificate }: CertifiedKey, hosts: readonly string[], now: number): boolean {
  const permitted = hostsOf(certificate);
  const left = new X509Certificate(certificate).validToDate.getTime() - now;
  return left > renewDays * day && permitted.length === hosts.length && hosts.every((host) => permitted.includes(host));
}

/** From an hour ago, for clients whose clock is behind. */
function lasting(now: number, days: number): Period {
  return { from: new Date(now - 3_600_000), until: new Date(now + days * day) };
}

/** Whole or not at all. */
function write(file: string, text: string, mode: number): void {
  const half = `${file}.${process.pid}.part`;
  writeFileSync(half, text, { mode });
  // Whatever the umask says.
  chmodSync(half, mode);
  renameSync(half, file);
}
