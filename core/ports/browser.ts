import type { Exchange } from '../contracts/blob.ts';
import type { LoginState } from '../contracts/words/login-states.ts';
import type { LoginFace } from '../sources/definition.ts';

/** A screenshot and the HTML of a failed page. */
export interface PageCapture {
  /** PNG, with the values of form fields masked. `null` when the page could not be rendered any more. */
  readonly screenshot: Uint8Array | null;
  /** The rendered HTML, secrets masked. */
  readonly html: string;
}

/** The field of a second factor, and what is typed into it. */
export interface SecondFactor {
  readonly input: string;
  readonly submit: string;
  /** The code of this moment. */
  readonly code: () => string;
}

/** A login that the source neither accepted nor refused: what it wants, and for how long where it says so. */
export interface LoginDemand {
  readonly state: LoginState;
  /** Of `too_many_logins`: seconds until the source takes logins again; `null` where it does not say. */
  readonly seconds?: number | null;
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
  /** What the source shows in place of letting in. */
  readonly faces: readonly LoginFace[];
  /** `null` where the source has none, or no secret for it is set: then its code is for a person. */
  readonly secondFactor: SecondFactor | null;
  readonly username: string;
  readonly password: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The result of a login. `storageState` is the browser's as JSON text, all of it secret. `no_form`: the page came, but
 * without the form. `demanded`: the source wants something else. `form_again`: it shows its form again and says nothing
 * known. `too_large`: what it stored is more than is kept. `failed`: the page did not come, for the reason in `exchange`.
 */
export type LoginResult =
  | { readonly outcome: 'signed_in'; readonly storageState: string }
  | ({ readonly outcome: 'demanded' } & LoginDemand)
  | { readonly outcome: 'refused' | 'no_form' | 'form_again' | 'too_large' }
  | { readonly outcome: 'failed'; readonly response: Exchange['response']; readonly error: Exchange['error'] };

/** Fills in a login form in a browser and returns the result. Never throws. */
export type BrowserLogin = (form: LoginForm) => Promise<LoginResult>;

/**
 * The page that was loaded last, through `redact`, which masks what is secret in a text. `null` when there is none any
 * more. Ends the page.
 */
export type CapturePage = (redact: (text: string) => string) => Promise<PageCapture | null>;
