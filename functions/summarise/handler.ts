import type { Context, SQSEvent } from 'aws-lambda';
import { bedrockSummariser } from '../../core/adapters/bedrock/summariser.ts';
import { lambdaState } from '../../core/adapters/lambda/state.ts';
import { sqsMessageQueue } from '../../core/adapters/sqs/message-queue.ts';
import { summaryMessageSchema } from '../../core/contracts/messages.ts';
import { observed } from '../../core/runtime/observe.ts';
import { handleQueue } from '../../core/runtime/queue-handler.ts';
import { setting } from '../../core/runtime/settings.ts';
import { summariseReport } from './summarise-report.ts';

const state = lambdaState(setting('stateFunction'));
const queue = sqsMessageQueue({ summaries: setting('summariesQueueUrl') });
const summariser = bedrockSummariser(setting('summaryModel'));

/** Reports that wait for their summary, one message each. */
export const handler = observed((event: SQSEvent, context: Context) =>
  handleQueue(event, context, summaryMessageSchema, {
    handle: ({ diagnosisId }) => summariseReport(diagnosisId, { state, summariser }),
    requeue: (message, delaySeconds) => queue.send('summaries', [message], delaySeconds),
  }),
);
