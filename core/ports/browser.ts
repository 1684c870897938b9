import type { Exchange } from '../contracts/blob.ts';

/** A screenshot and the HTML of a failed page. */
export interface PageCapture {
  /** PNG, with the values of form fields masked. `null` when the page could not be rendered any more. */
  readonly screenshot: Uint8Array | null;
  /** The rendered HTML, secrets masked. */
  readonly html: string;
}

/** A login form and its values. Selectors are CSS. */
export interface LoginForm {
  readonly url: URL;
  readonly selectors: {
    readonly username: string;
    readonly password: string;
    readonly submit: string;
    /** Visible only after a successful login. */
    readonly signedIn: string;
    /** Visible after a refused login. */
    readonly refused: string;
  };
  readonly username: string;
  readonly password: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The result of a login. `state` is the browser's storage state as JSON text, all of it secret. `no_form`: the page
 * came, but without the form. `failed`: the page did not come, for the reason in `exchange`.
 */
export type LoginResult =
  | { readonly outcome: 'signed_in'; readonly storageState: string }
  | { readonly outcome: 'refused' | 'no_form' }
  | { readonly outcome: 'failed'; readonly response: Exchange['response']; readonly error: Exchange['error'] };

/** Fills in a login form in a browser and returns the result. Never throws. */
export type BrowserLogin = (form: LoginForm) => Promise<LoginResult>;

/**
 * The page that was loaded last, through `redact`, which masks what is secret in a text. `null` when there is none any
 * more. Ends the page.
 */
export type CapturePage = (redact: (text: string) => string) => Promise<PageCapture | null>;
