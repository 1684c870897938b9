import { expect, it } from 'vitest';
import { type Policy, policyWithout } from '../permissions/emulator-iam.ts';

const [queue, other] = ['arn:aws:sqs:us-east-1:1:ticks', 'arn:aws:sqs:us-east-1:1:outcomes'];
const [send, receive] = ['sqs:SendMessage', 'sqs:ReceiveMessage'];
const policyOf = (...Statement: Policy['Statement']): Policy => ({ Version: '2012-10-17', Statement });
const allow = (Action: string[], Resource: string[]) => ({ Effect: 'Allow', Action, Resource });

/** `action on resource`, sorted. */
const pairsOf = ({ Statement }: Policy) =>
  Statement.flatMap(({ Action, Resource }) =>
    Action.flatMap((action) => Resource.map((arn) => `${action} on ${arn}`)),
  ).sort();

it('takes one action on one resource away, and leaves all else of its statement and of others', () => {
  const policy = policyOf(allow([send, receive], [queue, other]), allow(['s3:GetObject'], ['arn:aws:s3:::raw/*']));
  const changed = policyWithout(policy, { action: send, arn: queue });
  expect(pairsOf(changed)).toEqual(pairsOf(policy).filter((pair) => pair !== `${send} on ${queue}`));
  expect(changed['Version']).toBe('2012-10-17');
});

it('takes it away from each statement that gives it', () => {
  const policy = policyOf(allow([send], [queue]), allow([send, receive], [queue]));
  expect(pairsOf(policyWithout(policy, { action: send, arn: queue }))).toEqual([`${receive} on ${queue}`]);
});

it('leaves no statement that allows nothing', () => {
  expect(policyWithout(policyOf(allow([send], [queue])), { action: send, arn: queue }).Statement).toEqual([]);
});

it('changes nothing for what a policy does not give', () => {
  const policy = policyOf(allow([send], [queue]));
  expect(policyWithout(policy, { action: send, arn: other })).toEqual(policy);
});
