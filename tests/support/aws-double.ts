import http from 'node:http';

/** An answer of AWS: JSON for services that speak it, XML for those of the older query protocol. */
export interface AwsAnswer {
  readonly status: number;
  readonly body: string;
}

/** What an operation was asked: fields of JSON, or of a form. */
export type AwsQuestion = Readonly<Record<string, unknown>>;

export const json = (body: unknown, status = 200): AwsAnswer => ({ status, body: JSON.stringify(body) });
/** An error of a service that speaks JSON. */
export const jsonError = (code: string, status = 400): AwsAnswer => json({ __type: code, message: code }, status);
/** The result of an operation of the query protocol, as XML. */
export const xml = (operation: string, result: string): AwsAnswer => ({
  status: 200,
  body: `<${operation}Response><${operation}Result>${result}</${operation}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></${operation}Response>`,
});
export const xmlError = (code: string, status = 400): AwsAnswer => ({
  status,
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${code}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
});

/**
 * A server that answers in the shapes of AWS's own protocols, for the commands that speak to AWS with its real clients. An
 * operation without an answer is refused as IAM would.
 */
export async function awsDouble() {
  const answers = new Map<string, (asked: AwsQuestion) => AwsAnswer>();
  const asked: { readonly operation: string; readonly of: AwsQuestion }[] = [];
  const server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { operation, of, speaksXml } = questionOf(request, Buffer.concat(parts).toString());
      asked.push({ operation, of });
      const refused = speaksXml ? xmlError('AccessDenied', 403) : jsonError('AccessDeniedException', 403);
      const { status, body } = answers.get(operation)?.(of) ?? refused;
      response.writeHead(status, { 'content-type': speaksXml ? 'text/xml' : 'application/json' }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    answers,
    asked,
    operations: () => asked.map(({ operation }) => operation),
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The environment of somebody who is signed in to a double at this address. */
export const signedInTo = (url: string): NodeJS.ProcessEnv => ({
  AWS_ENDPOINT_URL: url,
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'not-a-secret',
  AWS_EC2_METADATA_DISABLED: 'true',
});

/** By the header of JSON protocols, by the form of the query protocol, or by the path. */
function questionOf(request: http.IncomingMessage, text: string) {
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') {
    const of: AwsQuestion = JSON.parse(text);
    return { operation: target.replace(/^.*\./, ''), of, speaksXml: false };
  }
  const form = new URLSearchParams(text);
  const action = form.get('Action');
  if (action !== null) return { operation: action, of: Object.fromEntries(form), speaksXml: true };
  const path = (request.url ?? '').replace(/\?.*$/, '').replace(/\/$/, '');
  return { operation: `${request.method} ${path}`, of: text === '' ? {} : { body: text }, speaksXml: false };
}

/** Of GetCallerIdentity. */
export const callerOf = (account: string): AwsAnswer =>
  xml(
    'GetCallerIdentity',
    `<Arn>arn:aws:iam::${account}:user/operator</Arn><UserId>AIDAEXAMPLE</UserId><Account>${account}</Account>`,
  );

/** Of DescribeStacks: names with their status. */
export const stacksOf = (stacks: Readonly<Record<string, string>>): AwsAnswer =>
  xml(
    'DescribeStacks',
    `<Stacks>${Object.entries(stacks)
      .map(
        ([name, status]) =>
          `<member><StackName>${name}</StackName><StackId>arn:aws:cloudformation:eu-central-1:111122223333:stack/${name}/1</StackId><StackStatus>${status}</StackStatus><CreationTime>2026-11-29T10:00:00Z</CreationTime></member>`,
      )
      .join('')}</Stacks>`,
  );
