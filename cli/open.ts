import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { localCloud } from './api.ts';
import { type Common, carryOut, currentFolder, newCommand } from './command.ts';
import { exitCodes } from './problems.ts';

/** A browser has answered by then, or it runs on. */
const patienceMs = 3_000;

/** `quotron open`: the dashboard in a browser. */
export function openCommand(): Command {
  return newCommand('open', 'Open the dashboard in a browser; prints its address where there is none', [
    'open',
    'open --print',
  ])
    .option('--print', 'only print the address')
    .action((options: Common & { print?: boolean }) =>
      carryOut(options, async ({ api, out }) => {
        const url = dashboardOf(api.url);
        const opened =
          options.print !== true && !out.json && process.stdout.isTTY === true && (await openInBrowser(url));
        out.result({ url, opened }, () => url);
        if (!opened && options.print !== true) out.progress('No browser was opened: open this address in one.');
        return exitCodes.ok;
      }),
    );
}

/** Where the dashboard of an API is: on its own origin, and of a local cloud where `npm start` says. */
function dashboardOf(apiUrl: string): string {
  const local = localCloud(process.env, currentFolder());
  if (local?.apiUrl === apiUrl && local.dashboardUrl !== undefined) return local.dashboardUrl;
  return new URL('/', apiUrl).href;
}

/** Whether the system took the address. It is an argument of its own: no shell reads it. */
function openInBrowser(url: string): Promise<boolean> {
  const isRemote = process.env['SSH_CONNECTION'] !== undefined;
  const hasDisplay = process.env['DISPLAY'] !== undefined || process.env['WAYLAND_DISPLAY'] !== undefined;
  if (process.platform !== 'darwin' && (isRemote || !hasDisplay)) return Promise.resolve(false);
  const child = spawn(process.platform === 'darwin' ? 'open' : 'xdg-open', [url], { stdio: 'ignore', detached: true });
  child.unref();
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), patienceMs);
    const settle = (opened: boolean) => {
      clearTimeout(timer);
      resolve(opened);
    };
    child.once('error', () => settle(false));
    child.once('exit', (code) => settle(code === 0));
  });
}
