import { useQuery } from '@tanstack/react-query';
import { FileSearch } from 'lucide-react';
import { useState } from 'react';
import type { RawAnswerView } from '../../../core/contracts/http/raw-answers.ts';
import { answerBodyQuery, answersQuery } from '../api/answer-queries.ts';
import { useRefusal } from '../api/session.ts';
import { formatCount, plural } from '../text/format.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import styles from './raw-answers.module.css';
import { Empty, ErrorState, Loading } from './states.tsx';

/** A button that opens what a part of a run asked and what came. `highlight` is a text to be marked in the answer. */
export function RawAnswers({ runId, part, highlight }: { runId: string; part: number; highlight?: string }) {
  const [open, setOpen] = useState(false);
  const refusal = useRefusal();
  return (
    <>
      <Button look="plain" refusal={refusal} icon={<FileSearch aria-hidden="true" />} onClick={() => setOpen(true)}>
        Show raw answer
      </Button>
      {open && (
        <Dialog title="Raw answers" onClose={() => setOpen(false)}>
          <Answers runId={runId} part={part} highlight={highlight ?? ''} />
        </Dialog>
      )}
    </>
  );
}

function Answers({ runId, part, highlight }: { runId: string; part: number; highlight: string }) {
  const answers = useQuery(answersQuery(runId, part));
  return (
    <>
      <p className={styles.lead}>What the source sent, as text, credentials masked. It is shown and never rendered.</p>
      {answers.data?.map((answer, at) => (
        <Answer key={answer.n} runId={runId} answer={answer} open={at === 0} highlight={highlight} />
      ))}
      {answers.data?.length === 0 && <Empty title="Nothing was asked">This part sent no request.</Empty>}
      {answers.isPending && <Loading what="the answers" rows={3} />}
      {!answers.data && answers.isError && (
        <ErrorState
          what="the answers"
          error={answers.error}
          retrying={answers.isFetching}
          onRetry={() => answers.refetch()}
        />
      )}
    </>
  );
}

function Answer({
  runId,
  answer,
  open,
  highlight,
}: {
  runId: string;
  answer: RawAnswerView;
  open: boolean;
  highlight: string;
}) {
  const [shown, setShown] = useState(open);
  const { method, url, status, error, bytes, latencyMs, n, part, truncated } = answer;
  return (
    <details open={shown} onToggle={(event) => setShown(event.currentTarget.open)} className={styles.answer}>
      <summary>
        <strong>{status ?? error ?? 'no answer'}</strong> {method}{' '}
        <code>
          <bdi>{url}</bdi>
        </code>
        <span className={styles.quiet}>
          {plural(bytes, 'byte')}, {formatCount(Math.round(latencyMs))} ms{truncated && ', cut when it was kept'}
        </span>
      </summary>
      {shown && status !== null && <Body runId={runId} part={part} n={n} highlight={highlight} />}
    </details>
  );
}

function Body({ runId, part, n, highlight }: { runId: string; part: number; n: number; highlight: string }) {
  const body = useQuery(answerBodyQuery(runId, part, n));
  if (body.data !== undefined) {
    const parts = highlight === '' ? [body.data] : body.data.split(highlight);
    return (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
      <pre className={styles.body} tabIndex={0}>
        {parts.slice(0, mostMarked).map((text, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: places in a text that never changes
          <span key={at}>
            {at > 0 && <mark>{highlight}</mark>}
            {text}
          </span>
        ))}
        {parts.length > mostMarked && highlight + parts.slice(mostMarked).join(highlight)}
      </pre>
    );
  }
  if (body.isPending) return <Loading what="the answer" rows={3} />;
  return <ErrorState what="this answer" error={body.error} retrying={body.isFetching} onRetry={() => body.refetch()} />;
}

/** Of a symbol that stands in an answer very often, the first places are marked. */
const mostMarked = 50;
