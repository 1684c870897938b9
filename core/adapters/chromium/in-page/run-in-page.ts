import type { CDPSession } from 'playwright-core';

/** A page's session, and its main frame, whose id stays whatever document it shows. */
export interface PageSession {
  readonly session: CDPSession;
  readonly frameId: string;
}

/** The session with its main frame. */
export async function pageSession(session: CDPSession): Promise<PageSession> {
  const { frameTree } = await session.send('Page.getFrameTree');
  return { session, frameId: frameTree.frame.id };
}

/**
 * Runs a script in a world of its own of the page's document: what the page did to the built-in objects does not reach
 * it. Ends it after `ms`. Throws when the script does, or the document is gone.
 */
export async function runInPage({ session, frameId }: PageSession, expression: string, ms: number): Promise<unknown> {
  const { executionContextId } = await session.send('Page.createIsolatedWorld', { frameId, worldName: 'quotron' });
  const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
    contextId: executionContextId,
    expression,
    returnByValue: true,
    awaitPromise: true,
    timeout: Math.max(1, Math.ceil(ms)),
  });
  if (exceptionDetails) throw new Error('A script of the service failed in the page.');
  return result.value;
}
