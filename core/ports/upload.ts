/** A link that lets its holder store one object, for so many seconds, with exactly these headers. */
export interface SignedUpload {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly seconds: number;
}

/** Makes such a link for a key: for an object of so many bytes with this SHA-256 (base64), where there is none yet. */
export type SignUpload = (
  key: string,
  of: { readonly bytes: number; readonly sha256: string },
) => Promise<SignedUpload>;
