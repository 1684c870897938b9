/** Sets the credentials of a source. Throws what was refused, for the form. */
import { credentialsStateSchema, type SourceView } from '../../../core/contracts/http/operations.ts';
import { change } from '../api/client.ts';
import { sourcesQuery } from '../api/queries.ts';
import { queryClient } from '../api/query-client.ts';
import { toast } from '../components/toasts.tsx';

/** By source, what its credentials are: `{apiKey}`, or `{username, password}` and `totpSecret` where there is one. */
type GivenCredentials = Readonly<Record<string, string>>;

/** `key` is one of scope admin, which the session cannot stand for; the page keeps neither it nor the credentials. */
export async function setCredentials(
  source: Pick<SourceView, 'id' | 'title'>,
  given: GivenCredentials,
  key: string,
): Promise<void> {
  const path = `/sources/${encodeURIComponent(source.id)}/credentials`;
  await change('PUT', path, credentialsStateSchema, given, { key });
  toast({ tone: 'done', text: `The credentials of ${source.title} are set. They hold from the next request on.` });
  await queryClient.invalidateQueries({ queryKey: sourcesQuery.queryKey });
}
