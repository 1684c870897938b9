/** What the page of the API does by itself: its theme, the address in the examples, and finding an operation. */
import '@fontsource-variable/inter/wght.css';
import '../theme/tokens.css';
import './reference.css';
import { applyTheme } from '../theme/theme.ts';

applyTheme();

const origin = document.querySelector('#origin');
if (origin !== null) origin.textContent = location.origin;

const find = document.querySelector('#find');
const nothing = document.querySelector('#nothing');
const entries = [...document.querySelectorAll<HTMLElement>('nav li')];

/** Shows the operations that have each word that was typed, in the contents and below. */
function show(typed: string): void {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const entry of entries) {
    const fits = words.every((word) => entry.dataset['words']?.includes(word));
    entry.hidden = !fits;
    if (fits) found++;
    const target = entry.querySelector('a')?.hash.slice(1) ?? '';
    const section = document.getElementById(target);
    if (section !== null) section.hidden = !fits;
  }
  for (const group of document.querySelectorAll<HTMLElement>('nav section, .group'))
    group.hidden = [...group.querySelectorAll<HTMLElement>('li, article')].every((each) => each.hidden);
  if (nothing instanceof HTMLElement) nothing.hidden = found > 0;
}

if (find instanceof HTMLInputElement) {
  find.addEventListener('input', () => show(find.value));
  addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    find.focus();
  });
}
