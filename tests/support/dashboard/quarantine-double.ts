/** The double's quarantine and dead letters: what a redrive and a replay do to them. */
import type { z } from 'zod';
import { redriveSchema } from '../../../core/contracts/http/operations.ts';
import {
  replayAcceptedSchema,
  type replayRequestSchema,
  type replaySchema,
} from '../../../core/contracts/http/replays.ts';
import { type Answer, data, problem } from './double-answer.ts';
import type { DoubleState } from './double-state.ts';

export function redrive(state: DoubleState, queue: string): Answer {
  const moved = state.deadLetters.filter((letter) => letter.queue === queue).length;
  state.deadLetters = state.deadLetters.filter((letter) => letter.queue !== queue);
  state.queues = state.queues.map((one) =>
    one.name === queue ? { ...one, waiting: one.waiting + moved, dead: 0 } : one,
  );
  return data(redriveSchema, { queue, moved, more: false });
}

export const replayId = '7d0c9f10-33b4-4f7e-8a51-5b2f6c1d0a01';

/** The rows of the quarantine that a replay is of. */
function chosen(state: DoubleState, asked: z.infer<typeof replayRequestSchema>) {
  return state.quarantine.filter(
    (row) =>
      (asked.ids?.includes(row.id) ?? true) &&
      (asked.sourceId ?? row.sourceId) === row.sourceId &&
      (asked.reason ?? row.reason) === row.reason,
  );
}

export function replayAsked(state: DoubleState, asked: z.infer<typeof replayRequestSchema>): Answer {
  const rows = chosen(state, asked).length;
  if (rows === 0) return problem(404, 'nothing_to_replay', 'There is nothing to replay', 'No row fits.');
  state.replay = { asked, rows, looks: 0 };
  return {
    ...data(replayAcceptedSchema, { id: replayId, status: 'queued', blobs: rows, rows, more: false }),
    status: 202,
    headers: { location: `/api/v1/replays/${replayId}` },
  };
}

/** It is done when it is looked at the second time; what was believed, or was not in another unit, has left the quarantine. */
export function replayLooked(
  state: DoubleState,
  replay: NonNullable<DoubleState['replay']>,
): z.infer<typeof replaySchema> {
  const { asked, rows } = replay;
  const done = replay.looks++ > 0;
  const stays = done && chosen(state, asked).filter((row) => row.reason === 'unit_suspect' || !asked.believe).length;
  if (done && asked.believe) {
    const gone = chosen(state, asked);
    state.quarantine = state.quarantine.filter((row) => !gone.includes(row));
  }
  const rejected = Number(stays);
  const read = done ? rows : 0;
  return {
    id: replayId,
    status: done ? 'done' : 'queued',
    requestedAt: new Date().toISOString(),
    blobs: rows,
    read,
    failed: 0,
    accepted: done ? 17 : 0,
    rejected,
    released: done && asked.believe ? 1 : 0,
    written: done && asked.believe ? 1 : 0,
  };
}
