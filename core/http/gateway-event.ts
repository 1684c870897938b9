import type { LambdaEvent } from 'hono/aws-lambda';

/**
 * A request of API Gateway whose path is a path of a URL. Some gateways hand it on decoded: then a question mark of a
 * symbol would begin the query, and a NUL be lost. What a path cannot hold is encoded again; a path as it was sent stays as
 * it is, with its encoded slashes.
 */
export function withRawPath<Event extends LambdaEvent>(event: Event): Event {
  return 'path' in event ? { ...event, path: rawPath(event.path) } : event;
}

/** `/quotes/BRK%2FB` stays, `/quotes/A?x` is `/quotes/A%3Fx`. */
function rawPath(path: string): string {
  return path
    .toWellFormed()
    .replaceAll(/[^\w\-.~!$&'()*+,;=:@/%]+|%(?![0-9A-Fa-f]{2})/g, (part) => encodeURIComponent(part));
}
