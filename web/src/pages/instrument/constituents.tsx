import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { ConstituentView } from '../../../../core/contracts/http/indices.ts';
import { requestErrorOf } from '../../api/failure.ts';
import { constituentsQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { classNames } from '../../components/class-names.ts';
import { Figure, Percent } from '../../components/figures.tsx';
import { Moment } from '../../components/moment.tsx';
import { Section } from '../../components/page.tsx';
import { Empty, ErrorState, Loading } from '../../components/states.tsx';
import { decimalsOf, formatCount, formatPrice, formatShare, numberOf } from '../../text/format.ts';
import styles from './constituents.module.css';

/** Rows shown before “Show all”: about half the weight of a large index. */
const shownAtFirst = 20;

/** The constituents of an index, heaviest first, with weight and price. */
export function Constituents({ symbol }: { symbol: string }) {
  const answer = useQuery(constituentsQuery(symbol));
  const [all, setAll] = useState(false);
  const set = answer.data;
  const unknown = answer.isError && requestErrorOf(answer.error).code === 'no_constituents';
  const members = set?.constituents ?? [];
  const shown = all ? members : members.slice(0, shownAtFirst);
  return (
    <Section
      title="Constituents"
      note={
        set && (
          <>
            {formatCount(set.count)} on {set.date}, <bdi>{set.source}</bdi>, read <Moment at={set.confirmedAt} />
          </>
        )
      }
    >
      {shown.length > 0 && (
        <table className={styles.table} aria-label="Constituents">
          <thead>
            <tr>
              <th scope="col" className={styles.rank}>
                #
              </th>
              <th scope="col">Company</th>
              <th scope="col" className={styles.weight}>
                Weight
              </th>
              <th scope="col" className={styles.numeric}>
                Price{members[0] && ` ${members[0].currency}`}
              </th>
              <th scope="col" className={styles.numeric}>
                Change
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((member) => (
              <Member key={member.instrument.symbol} member={member} heaviest={numberOf(members[0]?.weight) ?? 1} />
            ))}
          </tbody>
        </table>
      )}
      {members.length > shownAtFirst && (
        <div className={styles.more}>
          <Button aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? `Show the heaviest ${shownAtFirst}` : `Show all ${formatCount(members.length)}`}
          </Button>
        </div>
      )}
      {unknown && (
        <Empty title="No constituents yet">
          Members with their weights appear here after the next run of a source’s constituents job.
        </Empty>
      )}
      {answer.isPending && <Loading what="constituents" rows={6} />}
      {!set && answer.isError && !unknown && (
        <ErrorState
          what="the list of constituents"
          error={answer.error}
          retrying={answer.isFetching}
          onRetry={() => answer.refetch()}
        />
      )}
    </Section>
  );
}

function Member({ member, heaviest }: { member: ConstituentView; heaviest: number }) {
  const { instrument } = member;
  const share = Math.min(1, (numberOf(member.weight) ?? 0) / heaviest);
  return (
    <tr>
      <td className={styles.rank}>{member.rank}</td>
      <th scope="row" className={styles.company}>
        <Link to="/market/$symbol" params={{ symbol: instrument.symbol }} className={styles.link}>
          <bdi>{instrument.symbol}</bdi>
        </Link>
        <span className={styles.name} title={instrument.name ?? undefined}>
          <bdi>{instrument.name ?? instrument.exchange}</bdi>
        </span>
      </th>
      <td className={styles.weight}>
        <div className={styles.share}>
          <svg className={styles.bar} viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
            <rect className={styles.track} width="100" height="4" rx="2" />
            <rect className={styles.part} width={share * 100} height="4" rx="2" />
          </svg>
          <span className={styles.figure}>{formatShare(member.weight)}</span>
        </div>
      </td>
      <td className={styles.numeric}>
        <Figure text={formatPrice(member.price, decimalsOf([member.price]))} />
      </td>
      <td className={classNames(styles.numeric, styles.change)}>
        <Percent value={member.changeFraction} />
      </td>
    </tr>
  );
}
