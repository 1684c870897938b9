/** Origins that are not the given one, and look like it to whoever compares carelessly. */
export function lookalikesOf(origin: string): [what: string, origin: string][] {
  const { protocol, host, hostname } = new URL(origin);
  const other = protocol === 'https:' ? 'http:' : 'https:';
  return [
    ['another site', 'https://evil.example'],
    ['a page that hides its origin', 'null'],
    ['any', '*'],
    ['an empty one', ''],
    ['a longer name', `${origin}.evil.example`],
    ['a longer last label', `${origin}s`],
    ['a longer first label', `${protocol}//evil${host}`],
    ['a host below it', `${protocol}//sub.${host}`],
    ['its name in front of a hyphen', `${protocol}//${hostname}-evil.example`],
    ['another scheme', `${other}//${host}`],
    ['a port', `${origin}:8443`],
    ['its port, written', `${origin}:${protocol === 'https:' ? 443 : 80}`],
    ['capital letters', `${protocol}//${host.toUpperCase()}`],
    ['a scheme in capital letters', `${protocol.toUpperCase()}//${host}`],
    ['a dot at its end', `${protocol}//${hostname}.`],
    ['a slash at its end', `${origin}/`],
    ['a path', `${origin}/page`],
    ['a user', `${protocol}//user@${host}`],
    ['it as the user of another', `${origin}@evil.example`],
    ['it after another', `https://evil.example, ${origin}`],
    ['it before another', `${origin}, https://evil.example`],
    ['it before another, with a space', `${origin} https://evil.example`],
    ['it in the question of another', `https://evil.example/?${origin}`],
    ['another letter that looks the same', origin.replace('e', '%D0%B5')],
    ['an extension', 'chrome-extension://abcdefghijklmnop'],
    ['a file', 'file://'],
  ];
}

/** What a browser may ask for in a preflight, and what it never does. */
export const preflightMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', '*'];
