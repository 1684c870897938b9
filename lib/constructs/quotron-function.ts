import { resolve } from 'node:path';
import {
  ArnFormat,
  AssetHashType,
  CfnOutput,
  DockerImage,
  Duration,
  RemovalPolicy,
  Stack,
  Validations,
} from 'aws-cdk-lib';
import { type ISecurityGroup, SubnetType } from 'aws-cdk-lib/aws-ec2';
import { type Conditions, Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type FunctionName, insideFunctions, timeoutSeconds } from '../../core/contracts/functions.ts';
import { physicalName, usualPrefix } from '../../core/contracts/installation.ts';
import { settingNames } from '../../core/contracts/settings.ts';
import { bundleFunction } from '../bundle-function.ts';
import { pascalCase } from '../names.ts';
import type { StageSettings } from '../stage-settings.ts';
import type { BoundFunction } from './binding.ts';
import type { Network } from './network.ts';

export interface QuotronFunctionProps {
  readonly name: FunctionName;
  readonly settings: StageSettings;
  /** The VPC, for the functions in `insideFunctions`; ignored by others, absent locally. */
  readonly network: Network | undefined;
  /** One sentence for people who see the function in the console. */
  readonly description: string;
  readonly memoryMb: number;
  /** Chromium is built for x86 only; everything else runs on arm64, which costs a fifth less. */
  readonly architecture?: Architecture;
  /** Whether it sends messages to its own queue without end: Lambda stops others after some sixteen. */
  readonly requeues?: boolean;
  /** Its security groups inside, in place of the one that reaches the database, S3 and SQS. */
  readonly groups?: readonly ISecurityGroup[];
}

/**
 * A Lambda function of Quotron: Node 24 on arm64 by default, one bundle, its own role, log group and output
 * (`Function<Name>`).
 *
 * The role may at first write its own log and, inside the VPC, have a network interface. Everything else comes from
 * bindings on the other constructs (`rawStore.grantRead(fn)`), which give the permission and the setting together.
 */
export class QuotronFunction extends Construct implements BoundFunction {
  readonly name: FunctionName;
  readonly timeout: Duration;
  readonly lambda: LambdaFunction;
  /** Whether it is in the VPC (on AWS) and so may have the database. */
  readonly inside: boolean;
  private readonly settings: StageSettings;

  constructor(scope: Construct, props: QuotronFunctionProps) {
    super(scope, pascalCase(props.name));
    this.name = props.name;
    this.settings = props.settings;
    this.timeout = Duration.seconds(timeoutSeconds[props.name]);
    this.inside = insideFunctions.includes(props.name);
    const network = this.inside ? props.network : undefined;
    const functionName = physicalName(props.settings, props.name);

    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: props.settings.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What the Quotron function ${props.name} may do`,
      ...(network && { inlinePolicies: { Network: networkPolicy() } }),
    });
    if (network) {
      Validations.of(role).acknowledge({
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason:
          'Lambda makes the network interface with this role before the interface has an ARN; EC2 accepts no narrower resource. No EC2 endpoint is reachable from inside.',
      });
    }
    const traced = isTraced(props.name, props.settings);
    if (traced && !network)
      Validations.of(role).acknowledge({
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'X-Ray has no resources: AWS asks for its two actions on all of them, and they only add to traces.',
      });
    logGroup.grantWrite(role);

    this.lambda = new LambdaFunction(this, 'Function', {
      functionName,
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: props.architecture ?? Architecture.ARM_64,
      handler: 'index.handler',
      code: bundledCode(props.name, props.settings),
      timeout: this.timeout,
      memorySize: props.memoryMb,
      ...(props.requeues && { recursiveLoop: RecursiveLoop.ALLOW }),
      role,
      ...(traced && { tracing: Tracing.ACTIVE }),
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      environment: {
        [settingNames.stage]: props.settings.stage,
        ...(props.settings.prefix !== usualPrefix && { [settingNames.prefix]: props.settings.prefix }),
        // Whatever plans, allows, makes or shows requests reads the same.
        ...(props.settings.sourceQuotas && { [settingNames.sourceQuotas]: props.settings.sourceQuotas }),
      },
      ...(network && {
        vpc: network.vpc,
        vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
        securityGroups: [...(props.groups ?? [network.functions])],
      }),
    });

    new CfnOutput(Stack.of(this), `Function${pascalCase(props.name)}`, { value: this.lambda.functionName });
  }

  /** Sets an environment variable. Bindings call this; a stack has no reason to. */
  addSetting(name: keyof typeof settingNames, value: string): void {
    this.lambda.addEnvironment(settingNames[name], value);
  }

  /** Allows exactly these actions on exactly these resources. Bindings call this; a stack has no reason to. */
  allow(actions: string[], resources: string[], conditions?: Conditions): void {
    this.lambda.addToRolePolicy(new PolicyStatement({ actions, resources, ...(conditions && { conditions }) }));
  }

  /** Lets it invoke itself. By name, because a reference would be circular: the function depends on its role. */
  grantCallItself(): void {
    const resourceName = physicalName(this.settings, this.name);
    this.allow(
      ['lambda:InvokeFunction'],
      [
        Stack.of(this).formatArn({
          service: 'lambda',
          resource: 'function',
          resourceName,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
    );
  }

  /** Lets `caller` invoke this function synchronously, and sets its name. */
  grantCall(caller: BoundFunction, setting: 'stateFunction'): void {
    if (caller.inside) {
      throw new Error(
        `${caller.name} is inside the VPC and cannot reach the Lambda API: let it send a message to a queue instead of calling ${this.name}.`,
      );
    }
    caller.allow(['lambda:InvokeFunction'], [this.lambda.functionArn]);
    caller.addSetting(setting, this.lambda.functionName);
  }
}

/**
 * Functions that the API starts. API Gateway itself traces nothing: it would record addresses, and they may hold feed
 * tokens. Lambda records the first invocation of a second and one in twenty of the rest, and has no setting for that.
 */
const requested: readonly FunctionName[] = ['api', 'stream-events', 'yahoo-proxy', 'set-credentials'];

/** What rules and queues start is traced where a stage says so: it is nearly all the first one of a second. */
function isTraced(name: FunctionName, settings: StageSettings): boolean {
  return settings.stage !== 'local' && (settings.traces === 'all' || requested.includes(name));
}

/** The bundle as an asset. Its hash is that of the output, so a function is deployed only when its code has changed. */
function bundledCode(name: FunctionName, settings: StageSettings): Code {
  const chromium = settings.stage === 'local' && settings.chromiumPack ? 'elsewhere' : 'bundled';
  return Code.fromAsset(resolve(import.meta.dirname, '../../functions'), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never run: `tryBundle` bundles or throws. CDK requires an image, and distinguishes bundles of one folder by
      // `command`.
      image: DockerImage.fromRegistry('none'),
      command: [name, chromium],
      local: {
        tryBundle(outputFolder) {
          bundleFunction(name, outputFolder, chromium);
          return true;
        },
      },
    },
  });
}

/** The permissions of AWSLambdaVPCAccessExecutionRole, without the one to write every log group. */
function networkPolicy(): PolicyDocument {
  return new PolicyDocument({
    statements: [
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: [
          'ec2:CreateNetworkInterface',
          'ec2:DescribeNetworkInterfaces',
          'ec2:DescribeSubnets',
          'ec2:DeleteNetworkInterface',
          'ec2:AssignPrivateIpAddresses',
          'ec2:UnassignPrivateIpAddresses',
        ],
        resources: ['*'],
      }),
    ],
  });
}
