/** The version of the release. A test compares it with package.json, which is not bundled. */
export const version = '0.1.0';
