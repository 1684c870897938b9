/** The text of a body. Of one that is longer than `most` bytes, about as many are read, which is enough to refuse it. */
export async function readLimited(request: Request, most: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = request.body?.getReader();
  while (reader && bytes <= most) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    bytes += value.byteLength;
  }
  if (bytes > most) await reader?.cancel();
  return Buffer.concat(chunks).toString('utf8');
}
