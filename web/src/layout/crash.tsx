import { ErrorState } from '../components/states.tsx';

/** What is left when a page breaks: an account of it, and a way back that loads everything anew. */
export function Crash({ error }: { error: unknown }) {
  return <ErrorState what="this page" error={error} onRetry={() => location.reload()} />;
}
