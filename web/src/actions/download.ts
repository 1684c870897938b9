import { readCsv } from '../api/client.ts';
import { toast, toastFailure } from '../components/toasts.tsx';
import { formatCount } from '../text/format.ts';

/** Saves a list as one CSV file, as the API writes it, page by page. */
export async function saveCsv(name: string, pathOf: (cursor: string | null) => string): Promise<void> {
  const pages: string[] = [];
  let rows = 0;
  let cursor: string | null = null;
  let shown: number | undefined;
  try {
    do {
      const page: Awaited<ReturnType<typeof readCsv>> = await readCsv(pathOf(cursor));
      const body: number = pages.length === 0 ? 0 : page.text.indexOf('\r\n') + 2;
      pages.push(page.text.slice(body));
      rows += page.text.split('\r\n').length - 2;
      cursor = page.next;
      if (cursor !== null) shown = toast({ tone: 'doing', text: `${name}: ${formatCount(rows)} rows so far.` }, shown);
    } while (cursor !== null);
    const address = URL.createObjectURL(new Blob(pages, { type: 'text/csv' }));
    const link = document.createElement('a');
    link.href = address;
    link.download = name;
    link.click();
    URL.revokeObjectURL(address);
    if (shown !== undefined) toast({ tone: 'done', text: `${name}: ${formatCount(rows)} rows.` }, shown);
  } catch (error) {
    toastFailure(`${name} was not saved`, error, shown);
  }
}
