import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ShieldCheck } from 'lucide-react';
import { findingsQuery } from '../../api/coverage-queries.ts';
import { MoreRows } from '../../components/more-rows.tsx';
import { Page } from '../../components/page.tsx';
import { Empty, ErrorState, Loading, StaleNotice } from '../../components/states.tsx';
import { FindingGroup, groupsOf } from './finding-group.tsx';

const route = getRouteApi('/findings');

/** What speaks against rows that are stored, by source and rule, for a person to decide. */
export function FindingsPage() {
  const search = route.useSearch();
  const findings = useInfiniteQuery(findingsQuery(search));
  const shown = findings.data?.pages.flatMap((page) => page.findings) ?? [];
  const filtered = search.source !== undefined || search.symbol !== undefined;
  return (
    <Page
      title="Findings"
      lead={
        <>
          What speaks against stored prices
          {filtered && (
            <>
              {' '}
              · <Link to="/findings">show all</Link>
            </>
          )}
        </>
      }
    >
      {findings.data && findings.isError && (
        <StaleNotice
          since={findings.dataUpdatedAt}
          error={findings.error}
          retrying={findings.isFetching}
          onRetry={() => findings.refetch()}
        />
      )}
      {groupsOf(shown).map((group) => (
        <FindingGroup key={group.key} group={group} />
      ))}
      <MoreRows pages={findings} text="Earlier findings" />
      {findings.data && shown.length === 0 && (
        <Empty
          title={filtered ? 'No open findings of this kind' : 'No open findings'}
          icon={<ShieldCheck aria-hidden="true" />}
          action={filtered && <Link to="/findings">Show all</Link>}
        >
          Stored prices are checked against each other: units, splits, dividends, history and other sources. What speaks
          against one is a finding here, with what the row should be where that is certain. The row stays as it came.
        </Empty>
      )}
      {findings.isPending && <Loading what="the findings" />}
      {!findings.data && findings.isError && (
        <ErrorState
          what="the findings"
          error={findings.error}
          retrying={findings.isFetching}
          onRetry={() => findings.refetch()}
        />
      )}
    </Page>
  );
}
