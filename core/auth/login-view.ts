/** An input that a person sees and could fill in. */
export interface ViewedField {
  readonly type: string;
  readonly name: string;
  readonly autocomplete: string;
  /** Its label and placeholder. */
  readonly label: string;
}

/** What a person sees of a login, before the password or after it. Bounded by those that make it. */
export interface LoginView {
  /** Paths of the addresses of the page and its frames. */
  readonly paths: readonly string[];
  /** Visible text of the page and its frames, a line each. */
  readonly lines: readonly string[];
  /** Those of them that stand in a dialog, a frame, or on a layer over the page. */
  readonly dialogLines: readonly string[];
  readonly fields: readonly ViewedField[];
  /** Visible text of what the source shows after a refusal; `null` where it shows nothing. */
  readonly refusal: string | null;
  /** What the source shows only when signed in is visible. */
  readonly signedIn: boolean;
  /** Both fields of the login form are visible. */
  readonly form: boolean;
  /** One of them alone: sites that ask for the one after the other. */
  readonly half: 'username' | 'password' | null;
  /** Which of the source's own faces are visible by their selector: their places in its list. */
  readonly faces: readonly number[];
}

/** What is new on a view since another one. */
export function newOn(view: LoginView, before: LoginView | null): LoginView {
  if (before === null) return view;
  const lines = new Set(before.lines);
  const fields = new Set(before.fields.map(keyOf));
  return {
    ...view,
    lines: view.lines.filter((line) => !lines.has(line)),
    dialogLines: view.dialogLines.filter((line) => !lines.has(line)),
    fields: view.fields.filter((field) => !fields.has(keyOf(field))),
    refusal: view.refusal === before.refusal ? null : view.refusal,
    paths: view.paths.filter((path) => !before.paths.includes(path)),
  };
}

function keyOf({ type, name, autocomplete, label }: ViewedField): string {
  return JSON.stringify([type, name, autocomplete, label]);
}
