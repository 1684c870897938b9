import { useEffect, useState } from 'react';

/** Parts that came one by one would push each other down: for so long they wait for each other. */
const togetherMs = 2_000;

/** Whether the parts of a page still wait for each other: one of them is being read for the first time, and has not failed. */
export function useTogether(reads: readonly { readonly isLoading: boolean; readonly failureCount: number }[]): boolean {
  const [waited, setWaited] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setWaited(true), togetherMs);
    return () => clearTimeout(timer);
  }, []);
  return !waited && reads.some(({ isLoading, failureCount }) => isLoading && failureCount === 0);
}
