import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import { Button } from './button.tsx';
import styles from './more-rows.module.css';

type Pages = Pick<UseInfiniteQueryResult, 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'>;

/** A button that reads the next page of a list, while there is one. */
export function MoreRows({ pages, text }: { pages: Pages; text: string }) {
  if (!pages.hasNextPage) return null;
  return (
    <div className={styles.more}>
      <Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
        {pages.isFetchingNextPage ? 'Loading …' : text}
      </Button>
    </div>
  );
}
