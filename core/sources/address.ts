import type { SourceDefinition } from './definition.ts';

/**
 * Where a source is called: the catalogue's origins, or the one base URL that a setting put in place of them all (the
 * simulator). The base may have a path, under which the source's own paths lie.
 */
export interface SourceAddress {
  readonly origins: readonly string[];
  /** Only an address that came from a setting may be a private one. */
  readonly allowPrivate: boolean;
  /** Of a base URL from a setting: as it may be shown, and what of it may not. */
  readonly base?: { readonly shown: string; readonly secrets: readonly string[] };
  /** A path of the source, or one of its full URLs, as it is called here. */
  url(pathOrUrl: string, query?: Readonly<Record<string, string>>): URL;
}

/** `overrides`: base URLs by source id, for those that are called elsewhere than the catalogue says. */
export function sourceAddress(source: SourceDefinition, overrides: Readonly<Record<string, string>>): SourceAddress {
  const override = Object.hasOwn(overrides, source.id) ? overrides[source.id] : undefined;
  const base = override === undefined ? undefined : new URL(override);
  return {
    origins: base ? [base.origin] : source.origins,
    allowPrivate: base !== undefined,
    ...(base && { base: shownBase(base) }),
    url(pathOrUrl, query = {}) {
      const asked = new URL(pathOrUrl, source.origins[0]);
      const url = base ? new URL(base.pathname.replace(/\/$/, '') + asked.pathname, base) : asked;
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      return url;
    },
  };
}

/** The replacement for a secret in an address. */
const masked = '[redacted]';

/**
 * An address without what may be a key: the login, and each part of the path that is too long for a word, as in
 * `/yahoo/k/<key>`.
 */
export function shownBase(base: URL): { readonly shown: string; readonly secrets: readonly string[] } {
  const parts = base.pathname.split('/');
  const isKey = (part: string) => part.length >= 12;
  const shown = `${base.origin}${parts.map((part) => (isKey(part) ? masked : part)).join('/')}`;
  const secrets = [...parts.filter(isKey), base.username, base.password].filter((part) => part !== '');
  return { shown: shown.replace(/\/$/, ''), secrets: [...new Set(secrets.flatMap((part) => [part, decoded(part)]))] };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
