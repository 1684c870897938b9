import { z } from 'zod';

/** What a person chose: as the system has it, or always one. */
export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const storageKey = 'quotron.theme';
const themeSchema = z.enum(themes).catch('system');

/** The theme chosen in this browser. */
export function chosenTheme(): Theme {
  return themeSchema.parse(localStorage.getItem(storageKey));
}

/** Choose a theme and apply it at once. */
export function chooseTheme(theme: Theme): void {
  if (theme === 'system') localStorage.removeItem(storageKey);
  else localStorage.setItem(storageKey, theme);
  applyTheme();
}

/** Put the chosen theme on the document; the tokens do the rest. */
export function applyTheme(): void {
  const theme = chosenTheme();
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}
