import '@fontsource-variable/inter/wght.css';
import './theme/tokens.css';
import './theme/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { z } from 'zod';
import { signIn, takeTokenFromAddress } from './api/session.ts';
import { App } from './app.tsx';
import { applyTheme } from './theme/theme.ts';

// zod would try `new Function`, which the content security policy refuses and reports.
z.config({ jitless: true });
applyTheme();

const element = document.getElementById('root');
if (!element)
  throw new Error(
    'index.html has no element #root: the page was built from another file. Build it with npm run build:web.',
  );
const root = createRoot(element);

function render(tokenFailure: unknown): void {
  root.render(
    <StrictMode>
      <App tokenFailure={tokenFailure} />
    </StrictMode>,
  );
}

/** Sign in by the link that `npm start` prints, if the address is one; then show the page. */
async function start(): Promise<void> {
  const token = takeTokenFromAddress();
  if (token === null) {
    render(null);
    return;
  }
  try {
    await signIn({ token });
    render(null);
  } catch (error) {
    render(error);
  }
}

// The link may also be pasted into a tab that has the page open already.
addEventListener('hashchange', () => {
  if (location.hash.startsWith('#sign-in=')) void start();
});
void start();
