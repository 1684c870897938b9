import { Aws, Validations } from 'aws-cdk-lib';
import {
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { physicalName, stackPrefix } from '../../core/contracts/installation.ts';
import type { CloudSettings } from '../stage-settings.ts';
import { onlyBlobs, type RawStore } from './raw-store.ts';

/**
 * The VPC: isolated subnets in two zones without a route to the internet. They reach only the database, S3 (by its free
 * gateway endpoint) and SQS (by the one interface endpoint). The endpoints let only Quotron's own roles through, to its own
 * bucket and queues, so that data cannot leave to another account through them.
 */
export class Network extends Construct {
  readonly vpc: IVpc;
  /** The security group of the functions inside. */
  readonly functions: SecurityGroup;
  /** The security group of the database: only `functions` may connect. */
  readonly database: SecurityGroup;

  constructor(scope: Construct, id: string, props: { settings: CloudSettings; rawStore: RawStore }) {
    super(scope, id);
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.20.0.0/20'),
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'Inside', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 23 }],
    });
    // CDK's own types do not satisfy each other under exactOptionalPropertyTypes; a Vpc is an IVpc anyway.
    this.vpc = vpc as IVpc;
    Validations.of(vpc).acknowledge({
      id: 'AwsSolutions-VPC7',
      reason:
        'Traffic enters and leaves this VPC only through the two endpoints, whose policies restrict it; flow logs would record only Quotron talking to its own database.',
    });

    this.functions = new SecurityGroup(this, 'Functions', {
      vpc: this.vpc,
      description: 'Quotron functions inside the VPC',
      allowAllOutbound: false,
    });
    this.database = new SecurityGroup(this, 'Database', {
      vpc: this.vpc,
      description: 'Quotron database',
      allowAllOutbound: false,
    });
    const endpoint = new SecurityGroup(this, 'QueueEndpoint', {
      vpc: this.vpc,
      description: 'SQS endpoint of Quotron',
      allowAllOutbound: false,
    });
    this.database.addIngressRule(this.functions, Port.POSTGRES, 'Functions inside');
    endpoint.addIngressRule(this.functions, Port.HTTPS, 'Functions inside');
    this.functions.addEgressRule(this.database, Port.POSTGRES, 'Database');
    // Any address, because S3 has public ones; the route table has only S3 and the endpoint.
    this.functions.addEgressRule(Peer.anyIpv4(), Port.HTTPS, 'S3 and SQS endpoints');

    // By the names that CloudFormation gives them: stacks that come later make the roles of the functions.
    const own = {
      ArnLike: {
        'aws:PrincipalArn': `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/${stackPrefix(props.settings)}*`,
      },
    };
    const s3 = vpc.addGatewayEndpoint('S3', { service: GatewayVpcEndpointAwsService.S3 });
    s3.addToPolicy(
      new PolicyStatement({
        principals: [new AnyPrincipal()],
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: [props.rawStore.bucket.arnForObjects('*')],
        conditions: own,
      }),
    );
    s3.addToPolicy(
      new PolicyStatement({
        principals: [new AnyPrincipal()],
        actions: ['s3:ListBucket'],
        resources: [props.rawStore.bucket.bucketArn],
        conditions: { ...own, ...onlyBlobs },
      }),
    );
    s3.addToPolicy(
      new PolicyStatement({
        principals: [new AnyPrincipal()],
        // Parts of imports that are over, and files of the archive that newer ones replace.
        actions: ['s3:DeleteObject'],
        resources: ['raw/import/*', 'history/*'].map((keys) => props.rawStore.bucket.arnForObjects(keys)),
        conditions: own,
      }),
    );
    const sqs = vpc.addInterfaceEndpoint('Sqs', {
      service: InterfaceVpcEndpointAwsService.SQS,
      privateDnsEnabled: true,
      securityGroups: [endpoint],
      open: false,
      subnets: { subnets: vpc.isolatedSubnets.slice(0, props.settings.endpointZones) },
    });
    sqs.addToPolicy(
      new PolicyStatement({
        principals: [new AnyPrincipal()],
        // Queues are read for functions by Lambda itself; here the API reads what is in the dead-letter queues.
        actions: [
          'sqs:SendMessage',
          'sqs:GetQueueAttributes',
          'sqs:ReceiveMessage',
          'sqs:ChangeMessageVisibility',
          'sqs:DeleteMessage',
        ],
        resources: [`arn:${Aws.PARTITION}:sqs:${Aws.REGION}:${Aws.ACCOUNT_ID}:${physicalName(props.settings, '*')}`],
        conditions: own,
      }),
    );
  }
}
