import * as z from 'zod';
import { inWords } from './words.ts';

const many = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const resources = z.union([z.array(z.unknown()), z.unknown().transform((one) => [one])]);
const policySchema = z.object({
  Statement: z.array(z.object({ Effect: z.literal('Allow'), Action: many, Resource: resources })),
});
const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
});

/** `action on resource in words` of a policy of a stage, each pair of action and resource for itself. */
export type PolicyReader = (document: unknown) => string[];

/** Reads policies of templates: queues are known by what the templates call them. */
export function policyReader(templates: readonly unknown[], stage: string): PolicyReader {
  const queues = templates.flatMap((template) =>
    Object.entries(templateSchema.parse(template).Resources).flatMap(([id, { Type, Properties }]) =>
      Type === 'AWS::SQS::Queue'
        ? [
            {
              id,
              name: String(Properties['QueueName'])
                .replace(`quotron-${stage}-`, '')
                .replace(/\.fifo$/, ''),
            },
          ]
        : [],
    ),
  );
  return (document) =>
    policySchema.parse(document).Statement.flatMap(({ Action, Resource }) =>
      Action.flatMap((action) =>
        Resource.map((resource) => {
          const text = typeof resource === 'string' ? resource : JSON.stringify(resource);
          const queue = queues.find(({ id }) => text.includes(id));
          return `${action} on ${queue?.name ?? inWords(text, stage)}`;
        }),
      ),
    );
}

/** What each function of a stage may do, by its templates: sorted, each once. */
export function permissionsOf(templates: readonly unknown[], stage: string): Map<string, string[]> {
  const read = policyReader(templates, stage);
  const found = new Map<string, Set<string>>();
  for (const template of templates) {
    const all = templateSchema.parse(template).Resources;
    const functionOf = (id: string) =>
      /^What the Quotron function (\S+) may do$/.exec(String(all[id]?.Properties['Description']))?.[1];
    const add = (fn: string | undefined, document: unknown) => {
      if (fn === undefined) return;
      const own = found.get(fn) ?? new Set<string>();
      for (const each of read(document)) own.add(each);
      found.set(fn, own);
    };
    for (const [id, { Type, Properties }] of Object.entries(all)) {
      if (Type === 'AWS::IAM::Role') {
        const inline = z
          .array(z.object({ PolicyDocument: z.unknown() }))
          .default([])
          .parse(Properties['Policies']);
        for (const { PolicyDocument } of inline) add(functionOf(id), PolicyDocument);
      }
      // What is too long for a policy of the role, CDK puts into a managed one.
      if (Type === 'AWS::IAM::Policy' || Type === 'AWS::IAM::ManagedPolicy') {
        const roles = z.array(z.object({ Ref: z.string() })).parse(Properties['Roles']);
        for (const { Ref } of roles) add(functionOf(Ref), Properties['PolicyDocument']);
      }
    }
  }
  return new Map([...found].map(([fn, all]) => [fn, [...all].sort()]));
}
