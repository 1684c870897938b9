import { QueryClientProvider, useQuery } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { sessionQuery } from './api/queries.ts';
import { queryClient } from './api/query-client.ts';
import { ErrorState, Loading } from './components/states.tsx';
import { Toasts } from './components/toasts.tsx';
import styles from './layout/screen.module.css';
import { SimulatedStrip } from './layout/simulated-strip.tsx';
import { Live } from './live/live.tsx';
import { SignInPage } from './pages/sign-in/sign-in-page.tsx';
import { router } from './router.tsx';

/** The whole page: who is signed in sees the pages, anyone else the sign-in, at the same address. */
export function App({ tokenFailure }: { tokenFailure: unknown }) {
  return (
    <QueryClientProvider client={queryClient}>
      <div className={styles.screen}>
        <SimulatedStrip />
        <div className={styles.rest}>
          <Gate tokenFailure={tokenFailure} />
        </div>
      </div>
      <Toasts />
    </QueryClientProvider>
  );
}

function Gate({ tokenFailure }: { tokenFailure: unknown }) {
  const session = useQuery(sessionQuery);
  if (session.data) {
    return (
      <>
        <Live />
        <RouterProvider router={router} />
      </>
    );
  }
  if (session.data === null) return <SignInPage tokenFailure={tokenFailure} />;
  if (session.isError) {
    return (
      <main>
        <ErrorState
          what="the dashboard"
          error={session.error}
          retrying={session.isFetching}
          onRetry={() => session.refetch()}
        />
      </main>
    );
  }
  return (
    <main>
      <Loading what="the dashboard" rows={0} />
    </main>
  );
}
