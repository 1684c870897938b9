import { useEffect, useState } from 'react';

/** A text once typing rests: what is asked for by it is not asked for at each letter. Nothing typed is so at once. */
export function useSettled(text: string, restMs = 200): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    if (text === settled) return;
    const timer = setTimeout(() => setSettled(text), restMs);
    return () => clearTimeout(timer);
  }, [text, settled, restMs]);
  return text === '' ? '' : settled;
}
