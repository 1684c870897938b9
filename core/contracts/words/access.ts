/** What an API key may do. Each scope contains the one before it. */
export const scopes = ['read', 'operate', 'admin'] as const;
export type Scope = (typeof scopes)[number];
