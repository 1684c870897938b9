import { lambdaState } from '../../core/adapters/lambda/state.ts';
import { snsEventTransport } from '../../core/adapters/sns/event-transport.ts';
import { relayHandler } from '../../core/runtime/relay-handler.ts';
import { setting } from '../../core/runtime/settings.ts';

/** Publishes the events of the outbox on the topic of SNS, outside the VPC. */
export const handler = relayHandler(lambdaState(setting('stateFunction')), snsEventTransport(setting('eventsTopic')));
