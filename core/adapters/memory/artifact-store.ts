import type { ArtifactStore } from '../../ports/artifact-store.ts';

/** Artifacts in memory. For tests. */
export function memoryArtifactStore(): ArtifactStore & {
  readonly artifacts: Map<string, { readonly bytes: Buffer; readonly contentType: string }>;
} {
  const artifacts = new Map<string, { bytes: Buffer; contentType: string }>();
  return {
    artifacts,
    async put(key, bytes, contentType) {
      if (!artifacts.has(key)) artifacts.set(key, { bytes: Buffer.from(bytes), contentType });
    },
  };
}
