/** An HTTP answer of a simulated source, before faults that change how it is sent. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
}

/** One request to a simulated source; `path` begins after the source's prefix. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** `http://127.0.0.1:4600/yahoo`: what redirects begin with. */
  readonly base: string;
}

export function text(status: number, body: string, headers: Answer['headers'] = {}): Answer {
  return { status, headers: { 'content-type': 'text/plain;charset=utf-8', ...headers }, body };
}

export function json(status: number, value: unknown, headers: Answer['headers'] = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json;charset=utf-8', ...headers },
    body: JSON.stringify(value),
  };
}

export function html(status: number, body: string, headers: Answer['headers'] = {}): Answer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8', ...headers }, body };
}

/** A redirect without a body, as Yahoo's guard sends it. */
export function redirect(status: 301 | 302 | 303 | 307, location: string, headers: Answer['headers'] = {}): Answer {
  return { status, headers: { location, 'content-length': '0', ...headers }, body: '' };
}
