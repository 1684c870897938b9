/**
 * The Python that runs MiniStack: one of 3.10 or newer that can make virtual environments, and in it the packages of
 * `requirements.txt`, in `.quotron/venv` of the checkout.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalCloudError } from './problem.ts';
import { runToEnd } from './processes.ts';
import { root } from './state-folder.ts';

interface Python {
  readonly command: string;
  readonly version: string;
}

const names = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
const probe =
  'import sys\nv=sys.version_info\ntry:\n import venv, ensurepip\n ok=1\nexcept ImportError:\n ok=0\nprint("%d.%d %d" % (v[0], v[1], ok))';

/** A suitable Python. Throws with what to install when there is none. */
export function findPython(): Python {
  let withoutVenv: Python | undefined;
  let tooOld: string | undefined;
  for (const command of names) {
    const asked = spawnSync(command, ['-c', probe], { encoding: 'utf8', timeout: 20_000 });
    const found = asked.status === 0 ? /^(\d+)\.(\d+) ([01])\s*$/.exec(asked.stdout) : null;
    if (found === null) continue;
    const version = `${found[1]}.${found[2]}`;
    if (Number(found[1]) !== 3 || Number(found[2]) < 10) tooOld = `${command} is ${version}`;
    else if (found[3] === '1') return { command, version };
    else withoutVenv ??= { command, version };
  }
  if (withoutVenv !== undefined) {
    throw new LocalCloudError(
      `Python ${withoutVenv.version} is here, but it cannot make virtual environments, in which the emulator is installed. ` +
        `Debian and Ubuntu keep that in a package of its own: sudo apt install python${withoutVenv.version}-venv (or python3-venv).`,
    );
  }
  const seen = tooOld === undefined ? 'There is no Python' : `There is no new enough Python (${tooOld})`;
  throw new LocalCloudError(
    `${seen}, and the emulator of AWS that runs on this machine needs Python 3.10 or newer. Install one ` +
      '(Debian, Ubuntu: sudo apt install python3 python3-venv; macOS: brew install python), ' +
      'or start an emulator yourself and set AWS_ENDPOINT_URL to it, or use `--emulator localstack` with Docker.',
  );
}

/** The Python of the virtual environment, made when missing or when the pinned packages have changed. */
export async function pythonWithEmulator(say: (line: string) => void, signal?: AbortSignal): Promise<string> {
  const requirements = join(root, 'localstack', 'requirements.txt');
  const venv = join(root, '.quotron', 'venv');
  const python = join(venv, 'bin', 'python');
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  const stamp = join(venv, '.quotron-requirements');
  // An upgrade may have removed the interpreter that the environment links to.
  const works = () => spawnSync(python, ['-c', 'import ministack'], { stdio: 'ignore' }).status === 0;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === wanted && works()) return python;

  const found = findPython();
  const started = performance.now();
  say(`installing the emulator for Python ${found.version}`);
  await mkdir(join(root, '.quotron'), { recursive: true });
  // Created in a temporary folder and moved, so that two simultaneous starts, or a killed one, leave no incomplete one.
  const half = `${venv}.${process.pid}`;
  try {
    await runToEnd(found.command, ['-m', 'venv', half], venvProblem(found), signal);
    await runToEnd(
      join(half, 'bin', 'python'),
      [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--require-hashes',
        '--requirement',
        requirements,
      ],
      'The emulator could not be installed from PyPI. The local cloud cannot run without one. Check the network (or the ' +
        'index in pip.conf) and the disk, or start an emulator yourself and set AWS_ENDPOINT_URL to it.',
      signal,
    );
    writeFileSync(join(half, '.quotron-requirements'), `${wanted}\n`);
    rmSync(venv, { recursive: true, force: true });
    renameSync(half, venv);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
  say(`installed the emulator in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return python;
}

function venvProblem(found: Python): string {
  return (
    `Python ${found.version} could not make a virtual environment for the emulator. On Debian and Ubuntu: ` +
    `sudo apt install python${found.version}-venv (or python3-venv). Elsewhere: install a Python that has the modules venv and ensurepip.`
  );
}
