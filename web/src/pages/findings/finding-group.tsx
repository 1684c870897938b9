import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Check, X } from 'lucide-react';
import { useState } from 'react';
import type { FindingView } from '../../../../core/contracts/http/findings.ts';
import { evidenceInWords, proposalInWords } from '../../../../core/contracts/words/evidence-words.ts';
import { decideFindings } from '../../actions/findings.ts';
import { useRefusal } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import dialogs from '../../components/dialog.module.css';
import { Dialog } from '../../components/dialog.tsx';
import { DialogChoice } from '../../components/dialog-choice.tsx';
import { Moment } from '../../components/moment.tsx';
import { Section } from '../../components/page.tsx';
import { StatusDisc } from '../../components/status-disc.tsx';
import { capital, missing, plural, words } from '../../text/format.ts';
import styles from './findings-page.module.css';

interface Group {
  readonly key: string;
  readonly source: string;
  readonly rule: FindingView['rule'];
  readonly findings: FindingView[];
}

/** By source and rule; those with the gravest finding first, then the largest. */
export function groupsOf(findings: readonly FindingView[]): Group[] {
  const groups = new Map<string, Group>();
  for (const finding of findings) {
    const key = `${finding.subject.source} ${finding.rule}`;
    const group = groups.get(key) ?? { key, source: finding.subject.source, rule: finding.rule, findings: [] };
    group.findings.push(finding);
    groups.set(key, group);
  }
  return [...groups.values()].toSorted(
    (a, b) => gravity(a.findings) - gravity(b.findings) || b.findings.length - a.findings.length,
  );
}

const order = ['wrong', 'doubt', 'info'] as const;

function gravity(findings: readonly FindingView[]): number {
  return Math.min(...findings.map(({ severity }) => order.indexOf(severity)));
}

const discs = { wrong: 'failed', doubt: 'degraded', info: 'unknown' } as const;
const meanings = {
  wrong: 'wrong: not served unless it is asked for',
  doubt: 'in doubt: served with a mark',
  info: 'worth knowing: served',
} as const;

export function FindingGroup({ group: { source, rule, findings } }: { group: Group }) {
  return (
    <Section
      title={`${capital(words(rule))}, ${source}`}
      note={
        <>
          {plural(findings.length, 'finding')}.{' '}
          <Link to="/findings" search={{ source }}>
            Only this source
          </Link>
        </>
      }
    >
      <FindingRows findings={findings} />
    </Section>
  );
}

/** Findings with what speaks for them, what their rows should be, and the decision on one or all. */
export function FindingRows({ findings }: { findings: readonly FindingView[] }) {
  const [deciding, setDeciding] = useState<{ verb: 'accept' | 'dismiss'; of: readonly FindingView[] } | null>(null);
  const refusal = useRefusal();
  return (
    <>
      <ul className={styles.rows}>
        {findings.map((finding) => {
          const { subject, severity, evidence, proposal, openedAt } = finding;
          const symbol = subject.symbol ?? missing;
          return (
            <li key={finding.id} className={styles.row}>
              <StatusDisc status={discs[severity]} className={styles.disc} />
              <div className={styles.what}>
                <p>
                  {subject.symbol === null ? (
                    <strong>{missing}</strong>
                  ) : (
                    <Link to="/market/$symbol" params={{ symbol: subject.symbol }}>
                      <strong>
                        <bdi>{subject.symbol}</bdi>
                      </strong>
                    </Link>
                  )}{' '}
                  {words(subject.kind)}
                  {subject.interval !== null && ` ${subject.interval}`}
                  {subject.date !== null && ` of ${subject.date}`}
                  <span className={styles.quiet}>
                    , {meanings[severity]}, since <Moment at={openedAt} />
                  </span>
                </p>
                <p>
                  <bdi>{evidenceInWords(evidence)}</bdi>
                </p>
                {proposal !== null && (
                  <p className={styles.proposal}>
                    Should be: <bdi>{proposalInWords(proposal)}</bdi>
                  </p>
                )}
              </div>
              <div className={styles.actions}>
                <Button
                  refusal={refusal}
                  aria-label={`Accept the finding on ${symbol}`}
                  icon={<Check aria-hidden="true" />}
                  onClick={() => setDeciding({ verb: 'accept', of: [finding] })}
                >
                  Accept …
                </Button>
                <Button
                  refusal={refusal}
                  aria-label={`Dismiss the finding on ${symbol}`}
                  icon={<X aria-hidden="true" />}
                  onClick={() => setDeciding({ verb: 'dismiss', of: [finding] })}
                >
                  Dismiss …
                </Button>
              </div>
            </li>
          );
        })}
      </ul>
      {findings.length > 1 && (
        <div className={styles.all}>
          <Button refusal={refusal} onClick={() => setDeciding({ verb: 'accept', of: findings })}>
            Accept all {findings.length} …
          </Button>
          <Button refusal={refusal} onClick={() => setDeciding({ verb: 'dismiss', of: findings })}>
            Dismiss all {findings.length} …
          </Button>
        </div>
      )}
      {deciding && <Decide {...deciding} onClose={() => setDeciding(null)} />}
    </>
  );
}

/** Asks first: a finding is decided once. */
function Decide({
  verb,
  of,
  onClose,
}: {
  verb: 'accept' | 'dismiss';
  of: readonly FindingView[];
  onClose: () => void;
}) {
  const decide = useMutation({
    mutationFn: () =>
      decideFindings(
        verb,
        of.map(({ id }) => id),
      ),
    onSettled: onClose,
  });
  const names = new Set(of.map(({ rule, subject }) => `${words(rule)} of ${subject.source}`));
  const proposals = of.filter(({ proposal }) => proposal !== null).length;
  return (
    <Dialog
      title={`${capital(verb)} ${plural(of.length, 'finding')}: ${[...names].join(', ')}?`}
      narrow
      onClose={onClose}
    >
      <p className={dialogs.text}>
        {verb === 'accept'
          ? `The rows stay as they came. ${proposals === 0 ? 'Those that are wrong stay out of what is served.' : `What ${proposals === 1 ? 'it' : 'they'} should be is served where quality=repaired is asked for.`}`
          : 'The rows are served again, and these findings are not raised a second time.'}{' '}
        This is decided once.
      </p>
      <DialogChoice act={capital(verb)} busy={decide.isPending} onClose={onClose} onAct={() => decide.mutate()} />
    </Dialog>
  );
}
