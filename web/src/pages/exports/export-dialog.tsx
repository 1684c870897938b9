import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { Download, Square } from 'lucide-react';
import { useState } from 'react';
import { type ExportView, exportDays, failuresInWords } from '../../../../core/contracts/http/exports.ts';
import { endExport } from '../../actions/exports.ts';
import { exportLinksQuery, exportQuery, isOpen } from '../../api/export-queries.ts';
import { useRefusal } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Copyable } from '../../components/copyable.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { DialogChoice } from '../../components/dialog-choice.tsx';
import { Moment } from '../../components/moment.tsx';
import { MoreRows } from '../../components/more-rows.tsx';
import { ErrorState, Loading } from '../../components/states.tsx';
import { capital, formatCount, plural } from '../../text/format.ts';
import { formatBytes, progressOf, whatOf } from './export-words.ts';
import styles from './exports-page.module.css';

/** One export: what it is of, how far it is, its files, and the way to end it. */
export function ExportDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const found = useQuery(exportQuery(id));
  return (
    <Dialog title={found.data ? `Export of ${whatOf(found.data)}` : 'Export'} onClose={onClose}>
      {found.data && <Details view={found.data} />}
      {found.isPending && <Loading what="the export" rows={4} />}
      {!found.data && found.isError && (
        <ErrorState
          what="this export"
          error={found.error}
          retrying={found.isFetching}
          onRetry={() => found.refetch()}
        />
      )}
    </Dialog>
  );
}

function Details({ view }: { view: ExportView }) {
  const refusal = useRefusal();
  const [links, setLinks] = useState(false);
  const [ending, setEnding] = useState(false);
  const end = useMutation({ mutationFn: () => endExport(view), onSettled: () => setEnding(false) });
  const { id, status, failure, parts, leftOut, expiresAt } = view;
  const open = isOpen(view);
  const done = status === 'succeeded';
  return (
    <>
      <dl className={styles.facts}>
        <dt>Status</dt>
        <dd>
          {capital(progressOf(view))}
          {failure !== null && `: ${failuresInWords[failure]}`}
        </dd>
        <dt>Prices</dt>
        <dd>
          {view.intervals.join(', ')} of {plural(view.listings, 'listing')}, {view.from} to {view.to}
        </dd>
        <dt>{open ? 'So far' : 'Written'}</dt>
        <dd>
          {plural(view.rows, 'row')} in {plural(view.files, 'file')}, {formatBytes(view.bytes)}
        </dd>
        <dt>Asked for</dt>
        <dd>
          <Moment at={view.createdAt} />
        </dd>
        {done && (
          <>
            <dt>Files end</dt>
            <dd>
              <Moment at={expiresAt} />
            </dd>
          </>
        )}
        {leftOut.length > 0 && (
          <>
            <dt>Left out</dt>
            <dd>{leftOut.join(', ')}: their licence does not allow the use of the key that asked</dd>
          </>
        )}
      </dl>
      {open && (
        <progress
          className={styles.progress}
          aria-label="Parts that are written"
          max={parts.total ?? 1}
          {...(parts.total === null ? {} : { value: parts.done })}
        />
      )}
      {status === 'expired' && (
        <p className={styles.note}>Files are kept for {exportDays} days. Make a new export to have them again.</p>
      )}
      {ending ? (
        <>
          <p className={styles.note}>
            {open
              ? 'Nothing more is written, and what was written is not given. This cannot be undone.'
              : 'No links to its files are given any more. This cannot be undone.'}
          </p>
          <DialogChoice
            act={open ? 'Stop it' : 'Withdraw it'}
            busy={end.isPending}
            onClose={() => setEnding(false)}
            onAct={() => end.mutate()}
          />
        </>
      ) : (
        <>
          {(open || done) && (
            <div className={styles.actions}>
              {done && !links && (
                <Button look="primary" icon={<Download aria-hidden="true" />} onClick={() => setLinks(true)}>
                  Make links
                </Button>
              )}
              <Button icon={<Square aria-hidden="true" />} refusal={refusal} onClick={() => setEnding(true)}>
                {open ? 'Stop …' : 'Withdraw …'}
              </Button>
            </div>
          )}
          {done && links && <Links id={id} />}
          {done && (
            <div className={styles.command}>
              All files at once, each compared with its SHA-256:
              <Copyable value={`npx quotron export download ${id}`} of="the command" />
            </div>
          )}
        </>
      )}
    </>
  );
}

function Links({ id }: { id: string }) {
  const pages = useInfiniteQuery(exportLinksQuery(id));
  const links = pages.data?.pages.flatMap((page) => page.links) ?? [];
  return (
    <>
      {pages.data && (
        <>
          <p className={styles.note}>
            Each link lets its holder read one file for 15 minutes. Names of folders are columns: keep them.
          </p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
          <ul className={styles.links} aria-label="Files" tabIndex={0}>
            {links.map(({ path, url, rows, bytes }) => (
              <li key={path}>
                <a href={url} rel="noreferrer" download>
                  <bdi>{path}</bdi>
                </a>
                {rows !== null && bytes !== null && (
                  <span>
                    {formatCount(rows)} rows, {formatBytes(bytes)}
                  </span>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      <MoreRows pages={pages} text="More files" />
      {pages.isPending && <Loading what="the links" rows={3} />}
      {!pages.data && pages.isError && (
        <ErrorState what="the links" error={pages.error} retrying={pages.isFetching} onRetry={() => pages.refetch()} />
      )}
    </>
  );
}
