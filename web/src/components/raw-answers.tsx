import { useQuery } from '@tanstack/react-query';
import { FileSearch } from 'lucide-react';
import { Fragment, useState } from 'react';
import type { RawAnswerView } from '../../../core/contracts/http/raw-answers.ts';
import { answerBodyQuery, answersQuery } from '../api/answer-queries.ts';
import { useRefusal } from '../api/session.ts';
import { formatCount, plural } from '../text/format.ts';
import { markedPlaces } from '../text/json-place.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import styles from './raw-answers.module.css';
import { Empty, ErrorState, Loading } from './states.tsx';

/** What is marked in the answers. */
interface Marked {
  /** A text wherever it stands. */
  readonly highlight?: string | undefined;
  /** A row of the answer, and the fields of it that were wrong. */
  readonly row?:
    | { readonly symbol: string | null; readonly path: string; readonly fields: readonly string[] }
    | undefined;
}

/** A button that opens what a part of a run asked and what came. */
export function RawAnswers({ runId, part, ...marked }: { runId: string; part: number } & Marked) {
  const [open, setOpen] = useState(false);
  const refusal = useRefusal();
  return (
    <>
      <Button look="plain" refusal={refusal} icon={<FileSearch aria-hidden="true" />} onClick={() => setOpen(true)}>
        Show raw answer
      </Button>
      {open && (
        <Dialog title="Raw answers" onClose={() => setOpen(false)}>
          <Answers runId={runId} part={part} marked={marked} />
        </Dialog>
      )}
    </>
  );
}

function Answers({ runId, part, marked: { highlight, row } }: { runId: string; part: number; marked: Marked }) {
  const answers = useQuery(answersQuery(runId, part));
  return (
    <>
      <p className={styles.lead}>What the source sent, as text, credentials masked. It is shown and never rendered.</p>
      {answers.data?.map((answer, at) => (
        <Answer
          key={answer.n}
          runId={runId}
          answer={answer}
          open={at === 0}
          marked={{ highlight, row: isOf(row, answer) || answers.data.length === 1 ? row : undefined }}
        />
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
  marked,
}: {
  runId: string;
  answer: RawAnswerView;
  open: boolean;
  marked: Marked;
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
      {shown && status !== null && <Body runId={runId} part={part} n={n} marked={marked} />}
    </details>
  );
}

/** A path says where in an answer, and not in which. */
function isOf(row: Marked['row'], { symbols }: RawAnswerView): boolean {
  return row?.symbol != null && symbols.includes(row.symbol);
}

function Body({ runId, part, n, marked }: { runId: string; part: number; n: number; marked: Marked }) {
  const body = useQuery(answerBodyQuery(runId, part, n));
  if (body.data !== undefined) {
    const { highlight = '', row } = marked;
    const of = { mark: highlight, path: row?.path ?? null, fields: row?.fields ?? [], most: mostMarked };
    const places = markedPlaces(body.data, of);
    return (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
      <pre className={styles.body} tabIndex={0}>
        {places.map(([from, to], at) => (
          <Fragment key={from}>
            {body.data.slice(places[at - 1]?.[1] ?? 0, from)}
            <mark>{body.data.slice(from, to)}</mark>
          </Fragment>
        ))}
        {body.data.slice(places.at(-1)?.[1] ?? 0)}
      </pre>
    );
  }
  if (body.isPending) return <Loading what="the answer" rows={3} />;
  return <ErrorState what="this answer" error={body.error} retrying={body.isFetching} onRetry={() => body.refetch()} />;
}

/** Of a symbol that stands in an answer very often, the first places are marked. */
const mostMarked = 50;
