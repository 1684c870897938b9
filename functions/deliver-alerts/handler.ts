import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import { sesMail } from '../../core/adapters/email/ses.ts';
import { smtpMail } from '../../core/adapters/email/smtp.ts';
import { alertSender } from '../../core/adapters/http/send-alert.ts';
import { lambdaState } from '../../core/adapters/lambda/state.ts';
import { secretsManagerStore } from '../../core/adapters/secrets/secret-store.ts';
import { sqsMessageQueue } from '../../core/adapters/sqs/message-queue.ts';
import { createOpener, type Opener } from '../../core/auth/seal-to.ts';
import { alertChannelsDisabled } from '../../core/contracts/metrics.ts';
import { logger, metrics, observed } from '../../core/runtime/observe.ts';
import { alertHostsSetting, numberSetting, optionalSetting, setting } from '../../core/runtime/settings.ts';
import { deliverAlerts } from './deliver-alerts.ts';

const state = lambdaState(setting('stateFunction'));
const secrets = secretsManagerStore();
const secretId = setting('alertsKeySecret');
const queue = sqsMessageQueue({ alerts: setting('alertsQueueUrl') });
const [from, smtp] = [optionalSetting('alertsFrom'), optionalSetting('alertsSmtp')];
const mail = from === undefined ? null : smtp === undefined ? sesMail(from) : smtpMail(smtp, from);
const send = alertSender({
  hosts: alertHostsSetting(),
  mail,
  now: Date.now,
  timeoutMs: numberSetting('upstreamTimeoutMs'),
});

let opener: Opener | undefined;

/** What ending takes: one more claim with a receiver that hangs. */
const marginMs = 40_000;
/** A retry that is due so soon is not left to the next tick, which comes within a minute. */
const soonSeconds = 60;

/**
 * The minute's tick, or messages that say that there are alerts. It has nothing to read of either, so a message is never
 * failed for what could not be sent.
 */
export const handler = observed(async (_event: unknown, context: Context) => {
  opener ??= createOpener(await secrets.get(secretId));
  const until = Date.now() + context.getRemainingTimeInMillis() - marginMs;
  const disabled = (names: readonly string[]) => {
    logger.error('Nothing is sent to these channels of alerts any more', { channels: names });
    metrics.addMetric(alertChannelsDisabled, MetricUnit.Count, names.length);
  };
  const done = await deliverAlerts(until, { state, opener, send, now: Date.now, disabled });
  if (done.delivered + done.failed > 0) logger.info('Alerts were sent', { ...done });
  if (done.nextInSeconds !== null && done.nextInSeconds < soonSeconds)
    await queue.send('alerts', [{}], Math.ceil(done.nextInSeconds));
  return { batchItemFailures: [], ...done };
});
