import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { inject } from 'vitest';
import { z } from 'zod';
import { stageSettings } from '../../bin/stages.ts';
import { addQuotron, type Quotron } from '../../lib/add-quotron.ts';

export const stages = ['local', 'dev', 'prod'] as const;
export const cloudStages = ['dev', 'prod'] as const;
/** A stage whose events go to Kafka. */
export const onKafka = 'dev on Kafka' as const;
/** A stage that streams events. */
export const withStreams = 'prod with streams' as const;
export type StageName = (typeof stages)[number] | typeof onKafka | typeof withStreams;

const ownersStages = {
  [onKafka]: { stage: 'dev', env: { QUOTRON_EVENTS: 'kafka' } },
  [withStreams]: { stage: 'prod', env: { QUOTRON_EVENT_STREAMS: 'on' } },
} as const;

/** By which a stage is deployed, and what its owner sets. */
function deployedAs(name: StageName): {
  readonly stage: (typeof stages)[number];
  readonly env: Record<string, string>;
} {
  return name === onKafka || name === withStreams ? ownersStages[name] : { stage: name, env: {} };
}

const cdkJson = z.object({ context: z.record(z.string(), z.unknown()) });
const { context } = cdkJson.parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../cdk.json'), 'utf8')));

const folder = inject('infraFolder');

/**
 * An app with the context of cdk.json whose functions are not bundled: templates are tested without their code. CDK's own
 * validation takes half of a synth: the stages as `bin` makes them have it, what a test makes of its own has not.
 */
export function emptyApp({ validated = false } = {}): App {
  return new App({
    analyticsReporting: false,
    builtinCloudFormationValidation: validated,
    outdir: mkdtempSync(join(folder, 'out-')),
    context: { ...context, 'aws:cdk:bundling-stacks': [] },
  });
}

/** A folder that looks like a built dashboard. */
export function builtDashboard(): string {
  const web = mkdtempSync(join(folder, 'web-'));
  mkdirSync(join(web, 'assets'));
  writeFileSync(join(web, 'index.html'), '<!doctype html>');
  writeFileSync(join(web, 'assets', 'index-1234.js'), '');
  return web;
}

const resourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z.array(z.string()).default([]),
  DeletionPolicy: z.string().optional(),
});
export type Resource = z.infer<typeof resourceSchema>;
const templateSchema = z.object({
  Resources: z.record(z.string(), resourceSchema),
  Outputs: z.record(z.string(), z.unknown()).default({}),
});

interface SynthesizedStack {
  readonly template: Template;
  readonly resources: Readonly<Record<string, Resource>>;
  readonly outputs: readonly string[];
}

export interface Synthesized {
  readonly app: App;
  readonly quotron: Quotron;
  /** By the last part of the stack's name. */
  readonly stacks: Readonly<Record<string, SynthesizedStack>>;
}

const known = new Map<StageName, Synthesized>();

/** A stage as `bin` has it, synthesized once per test file. */
export function synthesized(name: StageName): Synthesized {
  const held = known.get(name);
  if (held) return held;
  const app = emptyApp({ validated: true });
  const { stage, env } = deployedAs(name);
  const settings = stageSettings(stage, {
    ...env,
    QUOTRON_DATABASE_URL: 'postgres://quotron@127.0.0.1:5432/quotron',
    QUOTRON_ALARM_EMAIL: 'operator@example.com',
  });
  const quotron = addQuotron(app, settings.stage === 'local' ? settings : { ...settings, webFolder: builtDashboard() });
  const stacks: Record<string, SynthesizedStack> = {};
  for (const [name, stack] of Object.entries({
    Operations: quotron.operations,
    Storage: quotron.storage,
    Streaming: quotron.streaming,
    Pipeline: quotron.pipeline,
    Api: quotron.api,
    Web: quotron.web,
  })) {
    if (stack) stacks[name] = read(stack);
  }
  const made = { app, quotron, stacks };
  known.set(name, made);
  return made;
}

/** The template of a stack, read. */
function read(stack: Stack): SynthesizedStack {
  const template = Template.fromStack(stack);
  const parsed = templateSchema.parse(template.toJSON());
  return { template, resources: parsed.Resources, outputs: Object.keys(parsed.Outputs) };
}

/** All resources of a type in a stage: [stack, logical id, resource]. */
export function resourcesOf(stage: StageName, type: string): { stack: string; id: string; resource: Resource }[] {
  return Object.entries(synthesized(stage).stacks).flatMap(([stack, { resources }]) =>
    Object.entries(resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([id, resource]) => ({ stack, id, resource })),
  );
}

const lambdaSchema = z.object({
  FunctionName: z.string().optional(),
  Timeout: z.number(),
  Runtime: z.unknown(),
  Architectures: z.array(z.string()).optional(),
  VpcConfig: z.object({ SecurityGroupIds: z.array(z.unknown()), SubnetIds: z.array(z.unknown()) }).optional(),
  ReservedConcurrentExecutions: z.number().optional(),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }).optional(),
  LoggingConfig: z.object({ LogGroup: z.unknown() }).optional(),
});

/** The functions of Quotron in a stage, by name; those of CDK itself, which have no name of ours, are left out. */
export function functionsOf(stage: StageName) {
  const prefix = `quotron-${deployedAs(stage).stage}-`;
  return new Map(
    resourcesOf(stage, 'AWS::Lambda::Function').flatMap(({ stack, id, resource }) => {
      const properties = lambdaSchema.parse(resource.Properties);
      if (!properties.FunctionName?.startsWith(prefix)) return [];
      const variables = properties.Environment?.Variables ?? {};
      return [
        [
          properties.FunctionName.slice(prefix.length),
          { stack, id, ...properties, variables, dependsOn: resource.DependsOn },
        ],
      ];
    }),
  );
}

const queueSchema = z.object({
  QueueName: z.string(),
  VisibilityTimeout: z.number().default(30),
  MessageRetentionPeriod: z.number(),
  SqsManagedSseEnabled: z.boolean().default(false),
  RedrivePolicy: z.object({ maxReceiveCount: z.number(), deadLetterTargetArn: z.unknown() }).optional(),
  RedriveAllowPolicy: z.object({ redrivePermission: z.string(), sourceQueueArns: z.array(z.unknown()) }).optional(),
});

/** The queues of a stage, by name without `quotron-<stage>-` and the ending of FIFO queues. */
export function queuesOf(stage: StageName) {
  return new Map(
    resourcesOf(stage, 'AWS::SQS::Queue').map(({ id, resource }) => {
      const properties = queueSchema.parse(resource.Properties);
      return [
        properties.QueueName.replace(`quotron-${deployedAs(stage).stage}-`, '').replace(/\.fifo$/, ''),
        { id, ...properties },
      ];
    }),
  );
}

const reference = z.union([
  z.object({ Ref: z.string() }).transform(({ Ref }) => Ref),
  z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) }).transform((get) => get['Fn::GetAtt'][0]),
]);
const eventSourceSchema = z.object({
  EventSourceArn: reference,
  FunctionName: reference,
  BatchSize: z.number(),
  FunctionResponseTypes: z.array(z.string()).default([]),
  ScalingConfig: z.object({ MaximumConcurrency: z.number() }).optional(),
});

/** Which function reads which queue in a stage, and how; topics of Kafka are left out. */
export function eventSourcesOf(stage: StageName) {
  const functions = [...functionsOf(stage)];
  const queues = [...queuesOf(stage)];
  const mappings = resourcesOf(stage, 'AWS::Lambda::EventSourceMapping');
  return mappings
    .filter(({ resource }) => !('Topics' in resource.Properties))
    .map(({ resource }) => {
      const properties = eventSourceSchema.parse(resource.Properties);
      const consumer = functions.find(([, { id }]) => id === properties.FunctionName);
      const queue = queues.find(([, { id }]) => id === properties.EventSourceArn);
      if (!consumer || !queue) throw new Error('An event source joins what is not a queue and a function of Quotron.');
      return {
        ...properties,
        functionName: consumer[0],
        timeout: consumer[1].Timeout,
        queueName: queue[0],
        queue: queue[1],
      };
    });
}
