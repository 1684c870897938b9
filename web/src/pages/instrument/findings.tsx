import { useInfiniteQuery } from '@tanstack/react-query';
import { findingsQuery } from '../../api/coverage-queries.ts';
import { MoreRows } from '../../components/more-rows.tsx';
import { Section } from '../../components/page.tsx';
import { FindingRows } from '../findings/finding-group.tsx';

/** What speaks against the instrument's stored prices, with what they should be: nothing where nothing does. */
export function Findings({ symbol }: { symbol: string }) {
  const findings = useInfiniteQuery(findingsQuery({ symbol }));
  const open = findings.data?.pages.flatMap((page) => page.findings) ?? [];
  if (open.length === 0) return null;
  return (
    <Section title="Findings" note="What speaks against stored prices">
      <FindingRows findings={open} />
      <MoreRows pages={findings} text="Earlier findings" />
    </Section>
  );
}
