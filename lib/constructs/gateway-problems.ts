import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { type GatewayResponseOptions, type ResponseType, ResponseType as Type } from 'aws-cdk-lib/aws-apigateway';
import type { Problem } from '../../core/contracts/http/envelope.ts';

interface GatewayProblem extends Omit<Problem, 'type' | 'requestId' | 'instance' | 'errors'> {
  /** Seconds, for `Retry-After`. */
  readonly retryAfter?: number;
}

const noAnswer: GatewayProblem = {
  status: 503,
  code: 'unavailable',
  title: 'The service is not available now',
  detail: 'The function gave no answer in time or could not be reached. Try again shortly.',
  retryable: true,
  retryAfter: 5,
};

const tooMany: GatewayProblem = {
  status: 429,
  code: 'rate_limited',
  title: 'Too many requests',
  detail: 'All callers together have sent too many requests at once. Try again shortly.',
  retryable: true,
  retryAfter: 1,
};

const nothingHere: GatewayProblem = {
  status: 404,
  code: 'not_found',
  title: 'There is nothing here',
  detail: 'There is nothing at this path. The API begins at /api/v1, the Yahoo proxy at /yahoo.',
  retryable: false,
};

const refused: GatewayProblem = {
  status: 403,
  code: 'forbidden',
  title: 'The key may not do this',
  detail: 'The request was refused before it reached the service.',
  retryable: false,
};

/**
 * What API Gateway answers by itself, without a function or when the function failed or ran out of time. A type that is
 * not here has the default of its class, with the status of that.
 */
const answers: readonly (readonly [string, ResponseType, GatewayProblem])[] = [
  ['Default5xx', Type.DEFAULT_5XX, noAnswer],
  ['IntegrationFailure', Type.INTEGRATION_FAILURE, noAnswer],
  ['IntegrationTimeout', Type.INTEGRATION_TIMEOUT, noAnswer],
  [
    'Default4xx',
    Type.DEFAULT_4XX,
    {
      status: 400,
      code: 'invalid_request',
      title: 'The request is not valid',
      detail: 'The request was refused before it reached the service.',
      retryable: false,
    },
  ],
  ['Throttled', Type.THROTTLED, tooMany],
  ['QuotaExceeded', Type.QUOTA_EXCEEDED, tooMany],
  ['AccessDenied', Type.ACCESS_DENIED, refused],
  ['WafFiltered', Type.WAF_FILTERED, refused],
  [
    'RequestTooLarge',
    Type.REQUEST_TOO_LARGE,
    {
      status: 413,
      code: 'payload_too_large',
      title: 'The body is too large',
      detail: 'The body is larger than 10 MB.',
      retryable: false,
    },
  ],
  [
    'UnsupportedMediaType',
    Type.UNSUPPORTED_MEDIA_TYPE,
    {
      status: 415,
      code: 'unsupported_media_type',
      title: 'The body must be JSON',
      detail: 'The body must be JSON.',
      retryable: false,
    },
  ],
  ['ResourceNotFound', Type.RESOURCE_NOT_FOUND, nothingHere],
  // API Gateway's answers for a path that has no method. No method asks for a signature of AWS.
  ['MissingAuthenticationToken', Type.MISSING_AUTHENTICATION_TOKEN, nothingHere],
  ['InvalidSignature', Type.INVALID_SIGNATURE, nothingHere],
  ['ExpiredToken', Type.EXPIRED_TOKEN, nothingHere],
];

/** Makes the answers of API Gateway itself problems like those of the functions (`application/problem+json`). */
export function addGatewayProblems(restApi: RestApi): void {
  for (const [id, type, problem] of answers) restApi.addGatewayResponse(id, responseOf(type, problem));
}

function responseOf(type: ResponseType, { retryAfter, ...problem }: GatewayProblem): GatewayResponseOptions {
  const body: Problem = {
    type: `urn:quotron:problem:${problem.code}`,
    ...problem,
    // No `instance`: a path may hold a key (`/yahoo/k/{key}/…`).
    requestId: '$context.requestId',
  };
  return {
    type,
    statusCode: String(problem.status),
    // Under this name it is used whatever the client accepts; the header says what it is.
    templates: { 'application/json': JSON.stringify(body) },
    responseHeaders: {
      'Content-Type': "'application/problem+json'",
      'cache-control': "'no-store'",
      'x-content-type-options': "'nosniff'",
      ...(retryAfter !== undefined && { 'retry-after': `'${retryAfter}'` }),
    },
  };
}
