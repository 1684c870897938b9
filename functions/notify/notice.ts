import * as z from 'zod';
import { cut, type Notice } from '../../core/alerts/notice.ts';
import { parseJson } from '../../core/contracts/parse-json.ts';

const alarmSchema = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string().nullish(),
  NewStateValue: z.enum(['ALARM', 'OK', 'INSUFFICIENT_DATA']),
  NewStateReason: z.string().optional(),
});

/** A message of the topic: an alarm of CloudWatch, or a text (a budget, a message of AWS's own). */
export function noticeOf({ subject, message }: { subject: string | null; message: string }): Notice {
  const alarm = alarmSchema.safeParse(parseJson(message)).data;
  if (!alarm) return cut({ title: subject ?? 'A message of AWS', text: message, kind: 'note' });
  const over = alarm.NewStateValue !== 'ALARM';
  return cut({
    title: `${over ? 'Over' : 'Alarm'}: ${alarm.AlarmName}`,
    text: [alarm.AlarmDescription, over ? null : alarm.NewStateReason].filter((part) => part).join('\n'),
    kind: over ? 'over' : 'wrong',
  });
}
