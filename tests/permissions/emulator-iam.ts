/** The policies of the deployed functions' roles, read and changed in place at the emulator. */
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod';
import type { FunctionName } from '../../core/contracts/functions.ts';
import { functionOutput } from '../../localstack/deploy.ts';
import { type EmulatorAccess, emulatorClient } from '../../localstack/emulator.ts';
import { inWords } from './words.ts';

const many = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const policySchema = z.looseObject({
  Statement: z.array(z.looseObject({ Effect: z.string(), Action: many, Resource: many })),
});
export type Policy = z.infer<typeof policySchema>;

/** One action that a role allows on one resource. */
export interface Permission {
  readonly fn: FunctionName;
  readonly action: string;
  readonly arn: string;
  /** `sqs:SendMessage on ticks` */
  readonly words: string;
}

export interface FunctionRole {
  readonly fn: FunctionName;
  readonly permissions: readonly Permission[];
  /** Takes a permission away, does the work, and gives it back. */
  without<T>(permission: Permission, work: () => Promise<T>): Promise<T>;
}

/** A policy without one action on one resource. */
export function policyWithout(policy: Policy, { action, arn }: Pick<Permission, 'action' | 'arn'>): Policy {
  const Statement = policy.Statement.flatMap((statement) => {
    if (!statement.Action.includes(action) || !statement.Resource.includes(arn)) return [statement];
    return [
      { ...statement, Action: statement.Action.filter((each) => each !== action) },
      { ...statement, Action: [action], Resource: statement.Resource.filter((each) => each !== arn) },
    ].filter(({ Action, Resource }) => Action.length > 0 && Resource.length > 0);
  });
  return { ...policy, Statement };
}

/** The role of a deployed function. */
export async function roleOf(
  fn: FunctionName,
  emulator: EmulatorAccess,
  outputs: Readonly<Record<string, string>>,
): Promise<FunctionRole> {
  const lambda = new LambdaClient(emulatorClient(emulator));
  const { Role = '' } = await lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: outputs[functionOutput(fn)] ?? '' }),
  );
  lambda.destroy();
  const RoleName = Role.split('/').at(-1) ?? '';
  const iam = (Action: string, parameters: Record<string, string>) =>
    signedQuery(emulator, { Action, Version: '2010-05-08', RoleName, ...parameters });
  const read = (text: string) => {
    const document = /<(?:Policy)?Document>([^<]*)<\/(?:Policy)?Document>/.exec(text)?.[1] ?? '';
    return policySchema.parse(JSON.parse(decoded(document)));
  };
  // What is too long for the role's own policies, CDK puts into a managed one: here it becomes one of the role's own.
  const attached = await iam('ListAttachedRolePolicies', {});
  for (const [, PolicyArn = ''] of attached.matchAll(/<PolicyArn>([^<]+)<\/PolicyArn>/g)) {
    const VersionId = /<DefaultVersionId>([^<]+)</.exec(await iam('GetPolicy', { PolicyArn }))?.[1] ?? 'v1';
    const document = read(await iam('GetPolicyVersion', { PolicyArn, VersionId }));
    const PolicyName = PolicyArn.split('/').at(-1) ?? '';
    await iam('PutRolePolicy', { PolicyName, PolicyDocument: JSON.stringify(document) });
    await iam('DetachRolePolicy', { PolicyArn });
  }
  const names = [...(await iam('ListRolePolicies', {})).matchAll(/<member>([^<]+)<\/member>/g)].map(
    (found) => found[1] ?? '',
  );
  const policies = new Map<string, Policy>();
  for (const PolicyName of names) policies.set(PolicyName, read(await iam('GetRolePolicy', { PolicyName })));
  const put = (PolicyName: string, policy: Policy) =>
    // One that allows nothing must still be one.
    policy.Statement.length === 0
      ? iam('DeleteRolePolicy', { PolicyName })
      : iam('PutRolePolicy', { PolicyName, PolicyDocument: JSON.stringify(policy) });
  const permissions = new Map<string, Permission>();
  for (const { Statement } of policies.values())
    for (const { Action, Resource } of Statement)
      for (const action of Action)
        for (const arn of Resource) {
          // Two policies may give the same: it is taken out of both.
          permissions.set(`${action} ${arn}`, { fn, action, arn, words: `${action} on ${inWords(arn, 'local')}` });
        }
  return {
    fn,
    permissions: [...permissions.values()],
    async without(permission, work) {
      const changed = [...policies].filter(([, { Statement }]) =>
        Statement.some(
          ({ Action, Resource }) => Action.includes(permission.action) && Resource.includes(permission.arn),
        ),
      );
      for (const [name, policy] of changed) await put(name, policyWithout(policy, permission));
      try {
        return await work();
      } finally {
        for (const [name, policy] of changed) await put(name, policy);
      }
    },
  };
}

/** In XML, or as it stands in an address. */
function decoded(text: string): string {
  const plain = text.replaceAll('&quot;', '"').replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>');
  return plain.startsWith('%') ? decodeURIComponent(plain) : plain;
}

async function signedQuery(emulator: EmulatorAccess, parameters: Record<string, string>): Promise<string> {
  const body = new URLSearchParams(parameters).toString();
  return await signedCall(emulator, 'iam', { 'content-type': 'application/x-www-form-urlencoded' }, body);
}

async function signedCall(
  emulator: EmulatorAccess,
  service: string,
  headers: Record<string, string>,
  body: string,
): Promise<string> {
  const { credentials, region } = emulatorClient(emulator);
  const { hostname, port, host } = new URL(emulator.url);
  const request = new HttpRequest({
    ...{ method: 'POST', protocol: 'http:', hostname, port: Number(port), path: '/' },
    headers: { ...headers, host },
    body,
  });
  const signed = await new SignatureV4({ service, region, credentials, sha256: Sha256 }).sign(request);
  const { host: _host, ...sent } = signed.headers;
  const answer = await fetch(emulator.url, { method: 'POST', headers: sent, body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${service} answered ${answer.status}: ${text.slice(0, 500)}`);
  return text;
}
