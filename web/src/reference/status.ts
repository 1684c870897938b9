/** What the public page of the status does by itself: it asks for the status each minute, and shows it. */
import '@fontsource-variable/inter/wght.css';
import '../theme/tokens.css';
import './status.css';
import { z } from 'zod';
import { envelope } from '../../../core/contracts/http/envelope.ts';
import { type PublicStatus, publicStatusSchema } from '../../../core/contracts/http/public-status.ts';
import { applyTheme } from '../theme/theme.ts';

// zod would try `new Function`, which the content security policy refuses and reports.
z.config({ jitless: true });
applyTheme();

const everyMs = 60_000;
const answer = envelope(publicStatusSchema);

const systemWords: Readonly<Record<PublicStatus['status'], string>> = {
  healthy: 'All sources work.',
  degraded: 'Some sources do not work as they should.',
  failed: 'Nothing works as it should.',
  paused: 'Stopped.',
  unknown: 'Nothing is known yet.',
};

async function look(): Promise<void> {
  const state = document.querySelector('#state');
  if (state === null) return;
  try {
    const response = await fetch('/api/v1/public/status', { headers: { accept: 'application/json' } });
    if (response.status === 404) {
      state.textContent = 'This Quotron does not show its status.';
      return;
    }
    if (!response.ok) throw new Error(`The API answered ${response.status}.`);
    show(answer.parse(await response.json()).data, state);
  } catch {
    state.textContent = 'The status cannot be asked for at the moment. This page tries again each minute.';
  }
}

function show({ status, sources, at }: PublicStatus, state: Element): void {
  state.textContent = `${systemWords[status]} As of ${new Date(at).toLocaleTimeString()}.`;
  const table = document.querySelector<HTMLElement>('#sources');
  const body = table?.querySelector('tbody');
  if (!table || !body) return;
  body.replaceChildren(
    ...sources.map(({ title, status: own, uptime }) => {
      const row = document.createElement('tr');
      const head = document.createElement('th');
      head.scope = 'row';
      head.textContent = title;
      row.append(head, cell(own, own), cell(percent(uptime.day)), cell(percent(uptime.month)));
      return row;
    }),
  );
  table.hidden = false;
}

function cell(text: string, kind?: string): HTMLTableCellElement {
  const made = document.createElement('td');
  made.textContent = text;
  if (kind !== undefined) made.className = kind;
  return made;
}

/** Never 100 % of what was not. */
function percent(share: number | null): string {
  return share === null ? '–' : `${Math.floor(share * 1_000) / 10} %`;
}

setInterval(() => {
  if (!document.hidden) void look();
}, everyMs);
void look();
