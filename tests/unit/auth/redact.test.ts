import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { credentialsSchemas } from '../../../core/auth/credentials.ts';
import { mask, redactHeaders, redactor } from '../../../core/auth/redact.ts';

const utf8 = (text: string) => [...Buffer.from(text, 'utf8')];
const hex = (value: number, digits = 2) => value.toString(16).padStart(digits, '0');
const units = (text: string) => Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
const percent = (text: string) =>
  utf8(text)
    .map((byte) => `%${hex(byte).toUpperCase()}`)
    .join('');
const asciiJson = (text: string) =>
  JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(/[^ -~]/g, (unit) => `\\u${hex(unit.charCodeAt(0), 4)}`);
const named = new Map(
  Object.entries({
    '"': 'quot',
    "'": 'apos',
    '&': 'amp',
    '<': 'lt',
    '>': 'gt',
    '/': 'sol',
    '=': 'equals',
    '+': 'plus',
    '!': 'excl',
    '#': 'num',
    $: 'dollar',
    '%': 'percnt',
    '(': 'lpar',
    ')': 'rpar',
    '*': 'ast',
    ',': 'comma',
    '.': 'period',
    ':': 'colon',
    ';': 'semi',
    '?': 'quest',
    '@': 'commat',
    '[': 'lbrack',
    ']': 'rbrack',
    '\\': 'bsol',
    '^': 'Hat',
    _: 'lowbar',
    '`': 'grave',
    '{': 'lcub',
    '}': 'rcub',
    '|': 'vert',
    é: 'eacute',
    Ü: 'Uuml',
    ß: 'szlig',
    '£': 'pound',
  }),
);
const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64');

/** How servers write what they were sent. */
const writings: Readonly<Record<string, (secret: string) => string>> = {
  plain: (secret) => secret,
  'upper case': (secret) => secret.toUpperCase(),
  'lower case': (secret) => secret.toLowerCase(),
  'URL-encoded': encodeURIComponent,
  'URL-encoded, lower case': (secret) => encodeURIComponent(secret).toLowerCase(),
  'URL-encoded twice': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  'a form': (secret) => new URLSearchParams([['', secret]]).toString().slice(1),
  'percent, all characters': percent,
  'percent, all characters, twice': (secret) => percent(percent(secret)),
  JSON: (secret) => JSON.stringify(secret),
  'JSON of Python': asciiJson,
  'JSON, all escaped': (secret) =>
    units(secret)
      .map((unit) => `\\u${hex(unit, 4)}`)
      .join(''),
  'JSON of PHP': (secret) => asciiJson(secret).replaceAll('/', '\\/'),
  'JSON in JSON': (secret) => JSON.stringify(JSON.stringify(secret)),
  'JSON in JSON in JSON': (secret) => JSON.stringify(JSON.stringify(JSON.stringify(secret))),
  'JSON in a URL': (secret) => encodeURIComponent(JSON.stringify(secret)),
  'JSON in HTML': (secret) => JSON.stringify(secret).replaceAll('&', '&amp;').replaceAll('"', '&quot;'),
  'HTML of Go': (secret) =>
    secret
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&#34;')
      .replaceAll("'", '&#39;'),
  'HTML of Handlebars': (secret) =>
    secret.replaceAll(/[&<>"'`=/]/g, (char) => `&#x${hex(char.charCodeAt(0)).toUpperCase()};`),
  'decimal references': (secret) => [...secret].map((char) => `&#${char.codePointAt(0)};`).join(''),
  'decimal references with zeros': (secret) => [...secret].map((char) => `&#0${char.codePointAt(0)};`).join(''),
  'hexadecimal references': (secret) => [...secret].map((char) => `&#X${char.codePointAt(0)?.toString(16)};`).join(''),
  'named references': (secret) => [...secret].map((char) => (named.has(char) ? `&${named.get(char)};` : char)).join(''),
  'escapes of JavaScript': (secret) => [...secret].map((char) => `\\u{${char.codePointAt(0)?.toString(16)}}`).join(''),
  'escapes of bytes': (secret) =>
    utf8(secret).every((byte) => byte < 128)
      ? utf8(secret)
          .map((byte) => `\\x${hex(byte)}`)
          .join('')
      : secret,
  hex: (secret) => Buffer.from(secret, 'utf8').toString('hex'),
  'hex, upper case': (secret) => Buffer.from(secret, 'utf8').toString('hex').toUpperCase(),
  base64,
  base64url: (secret) => Buffer.from(secret, 'utf8').toString('base64url'),
  'base64 twice': (secret) => base64(base64(secret)),
  'base64url twice': (secret) => Buffer.from(Buffer.from(secret, 'utf8').toString('base64url')).toString('base64url'),
  'base64 in lines': (secret) => base64(`user:${secret}`).replaceAll(/.{10}/g, '$&\r\n'),
  'base64 in indented lines': (secret) => base64(secret).replaceAll(/.{6}/g, '$&\n    '),
  'base64 in lines in JSON': (secret) => JSON.stringify(base64(secret).replaceAll(/.{6}/g, '$&\n')),
  'base64 in a URL': (secret) => encodeURIComponent(base64(secret)),
  'base64 in JSON of PHP': (secret) => base64(secret).replaceAll('/', '\\/'),
  'base64 after a letter': (secret) => base64(`x${secret}yz`),
  'base64 after two letters': (secret) => base64(`xy${secret}z`),
  'base64 of JSON': (secret) => base64(JSON.stringify({ password: secret })),
  'base64 of JSON of Python': (secret) => base64(`{"password": "${asciiJson(secret)}"}`),
  'base64 of a URL': (secret) => base64(`/login?password=${encodeURIComponent(secret)}`),
};

/** What a person may have for a password: words, signs, letters of other scripts, white space inside. */
const secretText = fc
  .oneof(
    fc.string({ minLength: 6, maxLength: 40, unit: 'grapheme-ascii' }),
    fc.string({ minLength: 6, maxLength: 30, unit: fc.constantFrom(...'aZ0+/=<>&"\'\\%#;é߀Üя字😀 -_.$') }),
    fc.string({ minLength: 6, maxLength: 30, unit: fc.constantFrom(...'abcXYZ019') }),
  )
  .filter((text) => text === text.trim() && text.length >= 6 && text.isWellFormed())
  // One that is little more than an escape of its own has too few characters; what ends within one may become another one with what follows.
  .filter((text) => !/(%[0-9a-f]|&[#\w]+|\\[ux][{0-9a-f]*)$/i.test(text))
  .filter((text) => !/%[0-9a-f]{2}|&#?\w+;|\\[ux]/i.test(text) || text.length > 20);

describe('masking', () => {
  it.each(Object.entries(writings))('finds a secret written as %s', (_, write) => {
    fc.assert(
      fc.property(secretText, fc.constantFrom('', 'key=', '{"seen": "', '<b title="'), (secret, before) => {
        const written = write(secret);
        // Upper case of some letters are two, which are no case of the secret any more.
        fc.pre(written.length !== secret.length || written.toLowerCase().length === secret.toLowerCase().length);
        const masked = redactor([secret])(`${before}${written}" end`);
        expect(masked).toContain(mask);
        expect(masked.replaceAll(mask, '').toLowerCase()).not.toContain(written.toLowerCase());
        // Quotes that belong to the writing may stay.
        expect(masked.length).toBeLessThanOrEqual(`${before}${mask}" end`.length + 16);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['https://example.com/?apikey=s3cret-key&x=1', 'https://example.com/?apikey=[redacted]&x=1'],
    ['a S3CRET-KEY b', 'a [redacted] b'],
    ['{"k":"s3cret\\u002dkey","n":1}', '{"k":"[redacted]","n":1}'],
    ['<i>s3cret&#45;key</i>', '<i>[redacted]</i>'],
    ['Basic dXNlcjpzM2NyZXQta2V5, ok', 'Basic [redacted], ok'],
    ['s3cret-keys3cret-key', '[redacted][redacted]'],
    ['nothing &amp; no%20thing \\u0041', 'nothing &amp; no%20thing \\u0041'],
    ['s3cret key, s3cretkey', 's3cret key, s3cretkey'],
  ])('%s is %s', (text, masked) => {
    expect(redactor(['s3cret-key'])(text)).toBe(masked);
  });

  it('leaves every text without the secret as it is', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: fc.constantFrom(...'abé%&\\#;u0041x \r\n"/+=') }), (text) => {
        expect(redactor(['Q9z-never'])(text)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('finds each of many secrets', () => {
    fc.assert(
      fc.property(fc.uniqueArray(secretText, { minLength: 2, maxLength: 20 }), (secrets) => {
        const masked = redactor(secrets)(secrets.join('\n'));
        for (const secret of secrets) expect(masked.replaceAll(mask, '')).not.toContain(secret);
      }),
    );
  });

  it('leaves prices alone though a cookie holds a short value', () => {
    expect(redactor(['1', '244.6'])('price 244.6')).toBe('price 244.6');
  });

  it('takes time in proportion to the text, whatever the text', () => {
    const secrets = Array.from({ length: 40 }, (_, at) => `secret-${at}-Pa55/w0rd<&>`);
    const redact = redactor(secrets);
    const timeOf = (text: string) => {
      const started = process.cpuUsage().user;
      redact(text);
      return (process.cpuUsage().user - started) / 1000;
    };
    const kinds = [
      '%41',
      '&#65;',
      '\\\\',
      'a',
      'secret-',
      'secret-1-Pa55/w0rd<&>',
      'line\n',
      base64('secret-1-Pa55/w0rd<&>'),
    ];
    for (const kind of kinds) {
      redact(kind.repeat(100));
      const short = Math.max(20, timeOf(kind.repeat(500_000 / kind.length)));
      // Eight times the text; quadratic would be sixty-four times the time.
      expect(timeOf(kind.repeat(4_000_000 / kind.length)), kind).toBeLessThan(short * 24);
    }
  }, 60_000);

  it('masks headers that are credentials by their name', () => {
    expect(redactHeaders({ Cookie: 'a=b', accept: 'text' }, (text) => text)).toEqual({
      Cookie: '[redacted]',
      accept: 'text',
    });
  });
});

describe('a secret that is too short to be masked', () => {
  it.each([
    ['api-key', { apiKey: 'abcde' }, ['apiKey']],
    ['login', { username: 'bob', password: '12345' }, ['password']],
  ] as const)('is none of a source: %s', (form, credentials, fields) => {
    const parsed = credentialsSchemas[form].safeParse(credentials);
    expect(parsed.error?.issues.map((issue) => issue.path.join('.'))).toEqual(fields);
    expect(parsed.error?.issues[0]?.message).toContain('at least 6 characters');
  });

  it('a user name may be short', () => {
    expect(credentialsSchemas.login.safeParse({ username: 'bob', password: '123456' }).success).toBe(true);
  });
});
