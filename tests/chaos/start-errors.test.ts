import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { startEmulator } from '../../localstack/emulator.ts';
import { freePort } from '../../localstack/ports.ts';
import { findPython } from '../../localstack/python.ts';
import { root } from '../../localstack/state-folder.ts';
import { node, stateFolder } from '../support/cli-process.ts';

const place = stateFolder();
const folders: string[] = [];
afterEach(async () => {
  expect(await place.nothingLeft()).toEqual([]);
});
afterAll(() => {
  place.remove();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A PATH on which there are only these commands. */
function pathWith(scripts: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'quotron-path-'));
  folders.push(folder);
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

/** What `findPython` finds, or says, with another PATH. */
function pythonOn(path: string): string {
  const before = process.env['PATH'];
  process.env['PATH'] = path;
  try {
    return findPython().version;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    process.env['PATH'] = before;
  }
}

describe('a start that cannot succeed says why and what to do, and leaves nothing running', () => {
  for (const name of ['EMULATOR', 'DATABASE', 'UPSTREAMS', 'DASHBOARD']) {
    it(`the port of the ${name.toLowerCase()} is used`, async () => {
      const server = createServer();
      const port = await new Promise<number>((resolve) =>
        server.listen(0, '127.0.0.1', () => {
          const address = server.address();
          resolve(typeof address === 'object' && address !== null ? address.port : 0);
        }),
      );
      const variable = `QUOTRON_${name}_PORT`;
      const { code, stderr } = await place.run('start.ts', [], { [variable]: String(port) }).finished;
      await new Promise((resolve) => server.close(resolve));
      expect(code).toBe(1);
      expect(stderr).toContain(`Port ${port} on 127.0.0.1`);
      expect(stderr).toContain(variable);
      expect(stderr).not.toMatch(/\n\s+at /);
    });
  }

  it('no emulator answers at AWS_ENDPOINT_URL', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { code, stderr } = await place.run('start.ts', ['--once'], { AWS_ENDPOINT_URL: url }).finished;
    expect(code).toBe(1);
    expect(stderr).toContain('no emulator answers there (ECONNREFUSED)');
    expect(stderr).toContain('unset AWS_ENDPOINT_URL');
  });

  it('there is no Docker for --emulator localstack', async () => {
    const { code, stderr } = await place.run('start.ts', ['--once', '--emulator', 'localstack'], { PATH: pathWith({}) })
      .finished;
    expect(code).toBe(1);
    expect(stderr).toContain('Docker does not answer');
  });

  it('the emulator ends at once: its last words are shown', async () => {
    const python = join(pathWith({ python: 'echo "cannot import name ministack" >&2; exit 3' }), 'python');
    const dir = join(place.folder, 'emulator');
    mkdirSync(dir, { recursive: true });
    await expect(startEmulator({ dir, kind: 'ministack', say: () => undefined, python })).rejects.toThrow(
      /The emulator \(ministack\) ended at once.*cannot import name ministack.*emulator\.log/,
    );
  });

  it('the database cannot read its data', async () => {
    const other = stateFolder();
    try {
      mkdirSync(join(other.folder, 'postgres', 'data'), { recursive: true });
      chmodSync(join(other.folder, 'postgres'), 0o711);
      writeFileSync(join(other.folder, 'postgres', 'connection.json'), '{"port":1,"password":"x","owner":null}');
      writeFileSync(join(other.folder, 'postgres', 'data', 'PG_VERSION'), '12\n');
      const { code, stderr } = await other.run('start.ts', ['--once']).finished;
      expect(code).toBe(1);
      expect(stderr).toContain('The local database did not come up');
      expect(stderr).toContain('npm run reset');
      expect(await other.nothingLeft()).toEqual([]);
    } finally {
      rmSync(other.folder, { recursive: true, force: true });
    }
  });

  it('a setting is not what it should be', async () => {
    for (const [name, value] of [
      ['QUOTRON_SOURCE_YAHOO_URL', 'not a url'],
      ['QUOTRON_SOURCE_YAHOO_QUOTA', '200'],
      ['QUOTRON_SIM_CLOCK', 'yesterday'],
      ['QUOTRON_DASHBOARD_PORT', '99999'],
    ] as const) {
      const { code, stderr } = await place.run('start.ts', [], { [name]: value }).finished;
      expect(code).toBe(1);
      expect(stderr).toContain(name);
    }
  });

  it('an option is unknown: usage, and exit code 2', async () => {
    const { code, stderr } = await place.run('start.ts', ['--onec']).finished;
    expect(code).toBe(2);
    expect(stderr).toContain("unknown option '--onec'");
    expect(stderr).toContain('Usage: npm start');
    const help = await place.run('start.ts', ['--help']).finished;
    expect(help.code).toBe(0);
    expect(help.stdout).toContain('--live');
  });
});

describe('Python', () => {
  it('is missing', () => {
    expect(pythonOn(pathWith({}))).toContain('needs Python 3.10 or newer');
  });

  it('is too old', () => {
    expect(pythonOn(pathWith({ python3: 'echo "3.8 1"' }))).toContain('python3 is 3.8');
  });

  it('lacks venv, as on Debian: names the package', () => {
    const message = pythonOn(pathWith({ python3: 'echo "3.11 0"' }));
    expect(message).toContain('python3.11-venv');
    expect(message).toContain('sudo apt install');
  });

  it('of another name is found when the first cannot be used', () => {
    expect(pythonOn(pathWith({ python3: 'echo "3.9 1"', 'python3.12': 'echo "3.12 1"' }))).toBe('3.12');
    expect(pythonOn(pathWith({ python3: 'exit 127', 'python3.13': 'echo "3.13 1"' }))).toBe('3.13');
  });
});

describe('run.mjs, which the npm scripts call', () => {
  it('says what went wrong when npm ci fails, and starts nothing', () => {
    const checkout = mkdtempSync(join(tmpdir(), 'quotron-checkout-'));
    folders.push(checkout);
    mkdirSync(join(checkout, 'localstack'));
    cpSync(join(root, 'localstack', 'run.mjs'), join(checkout, 'localstack', 'run.mjs'));
    const other = { os: [`!${process.platform}`] };
    const packages = {
      '': {},
      'node_modules/a': {},
      'node_modules/b': { os: [process.platform] },
      'node_modules/c': other,
    };
    writeFileSync(join(checkout, 'package-lock.json'), JSON.stringify({ packages }));
    const path = pathWith({ npm: 'echo "npm error network" >&2; exit 7' });
    const ended = spawnSync(node, [join(checkout, 'localstack', 'run.mjs'), 'script.ts'], {
      encoding: 'utf8',
      env: { PATH: `${path}:/usr/bin:/bin` },
    });
    expect(ended.status).toBe(7);
    expect(ended.stderr).toContain('Installing 2 packages with npm ci (first time)');
    expect(ended.stderr).toContain('npm error network');
    expect(ended.stderr).toContain('npm ci failed (exit code 7), so nothing was started');
  });
});
