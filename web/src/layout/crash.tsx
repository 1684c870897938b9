import { ErrorState } from '../components/states.tsx';

/** Shown when a page crashes: the error, and a link that reloads everything. */
export function Crash({ error }: { error: unknown }) {
  return <ErrorState what="this page" error={error} onRetry={() => location.reload()} />;
}
