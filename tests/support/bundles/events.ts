/** Events as AWS gives them to functions. Their form is a contract, so they fit the functions of any commit. */

/** A batch of messages from a queue. */
export function queueEvent(queue: string, bodies: readonly string[]): unknown {
  return {
    Records: bodies.map((body, at) => ({
      messageId: `00000000-0000-4000-9000-${String(at).padStart(12, '0')}`,
      receiptHandle: 'test',
      body,
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: '1760000000000',
        SenderId: 'test',
        ApproximateFirstReceiveTimestamp: '1760000000000',
      },
      messageAttributes: {},
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${queue}`,
      awsRegion: 'us-east-1',
    })),
  };
}

/** A GET of API Gateway (REST API, payload version 1). `target` is the path with its query, without the stage. */
export function getEvent(target: string, headers: Readonly<Record<string, string>> = {}): unknown {
  const { pathname, searchParams } = new URL(target, 'http://x');
  const all = { host: 'test.example', accept: 'application/json', ...headers };
  const lists = Object.fromEntries([...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)]));
  return {
    resource: '/{proxy+}',
    path: pathname,
    httpMethod: 'GET',
    headers: all,
    multiValueHeaders: Object.fromEntries(Object.entries(all).map(([name, value]) => [name, [value]])),
    queryStringParameters: searchParams.size > 0 ? Object.fromEntries(searchParams) : null,
    multiValueQueryStringParameters: searchParams.size > 0 ? lists : null,
    pathParameters: { proxy: pathname.slice(1) },
    stageVariables: null,
    requestContext: {
      accountId: '000000000000',
      apiId: 'test',
      httpMethod: 'GET',
      path: pathname,
      stage: 'local',
      requestId: '00000000-0000-4000-8000-000000000000',
      resourceId: 'test',
      resourcePath: '/{proxy+}',
      identity: { sourceIp: '127.0.0.1', userAgent: 'test' },
    },
    body: null,
    isBase64Encoded: false,
  };
}
