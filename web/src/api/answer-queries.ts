/** What a run asked its source and what came, as it lies in the raw blobs. */
import { queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import { rawAnswerSchema } from '../../../core/contracts/http/raw-answers.ts';
import { reader, readText } from './client.ts';

const readAnswers = reader(z.array(rawAnswerSchema));

/** The requests of a part of a run with their answers, without the bodies. */
export function answersQuery(runId: string, part: number) {
  return queryOptions({
    queryKey: ['answers', runId, part],
    queryFn: async ({ signal }) =>
      (await readAnswers(`/runs/${encodeURIComponent(runId)}/answers?part=${part}`, signal)).data,
    staleTime: 60_000,
  });
}

/** The body of one of them: text of a source, at most its first MB. */
export function answerBodyQuery(runId: string, part: number, n: number) {
  return queryOptions({
    queryKey: ['answer-body', runId, part, n],
    queryFn: ({ signal }) => readText(`/runs/${encodeURIComponent(runId)}/answers/${n}?part=${part}`, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
}
