import { useSyncExternalStore } from 'react';

const phone = matchMedia('(width <= 720px)');

/** Whether the page is as narrow as a phone: two-line rows, navigation at the bottom. The style sheets use the same width. */
export function usePhone(): boolean {
  return useSyncExternalStore(
    (listener) => {
      phone.addEventListener('change', listener);
      return () => phone.removeEventListener('change', listener);
    },
    () => phone.matches,
  );
}
