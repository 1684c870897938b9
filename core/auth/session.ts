import * as z from 'zod';

/** What a signed-in client carries. All of it is secret. */
export const sessionSchema = z.object({
  /** The `cookie` header. */
  cookie: z.string(),
  /** The `crumb` query parameter. */
  crumb: z.string(),
  expiresAt: z.iso.datetime(),
});
export type Session = z.infer<typeof sessionSchema>;

/** What must never be seen of a session: its crumb, and each cookie's value. */
export function sessionSecrets(session: Session): string[] {
  return [
    session.crumb,
    session.cookie,
    ...session.cookie.split(/;\s*/).map((pair) => pair.slice(pair.indexOf('=') + 1)),
  ];
}
