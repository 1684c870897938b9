/** What a person is told when a request fails: what happened, what it means or what to do, and how to find it in the logs. */
export class RequestError extends Error {
  readonly status: number | null;
  readonly code: string;
  readonly title: string;
  readonly retryable: boolean;
  readonly requestId: string | null;

  constructor(of: {
    title: string;
    detail: string;
    code: string;
    status: number | null;
    retryable: boolean;
    requestId: string | null;
  }) {
    super(of.detail);
    this.name = 'RequestError';
    this.title = of.title;
    this.code = of.code;
    this.status = of.status;
    this.retryable = of.retryable;
    this.requestId = of.requestId;
  }
}

/** Anything thrown, as a `RequestError`. */
export function requestErrorOf(thrown: unknown): RequestError {
  if (thrown instanceof RequestError) return thrown;
  return new RequestError({
    title: 'This page met an error of its own',
    detail: thrown instanceof Error ? thrown.message : String(thrown),
    code: 'page_error',
    status: null,
    retryable: true,
    requestId: null,
  });
}
