#!/usr/bin/env node
/**
 * Adds to package-lock.json the optional packages of other platforms that npm left out, and says which.
 *
 * A registry mirror that offers only its own platform's binaries makes `npm install` write a lock without the others;
 * `npm ci` then refuses the lock everywhere ("Missing: … from lock file"). What a platform package needs in the lock
 * follows from the name and version that its parent pins: run this after each change of dependencies.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'wasm32',
  'win32',
  'windows',
];
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'universal', 'x64'];

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));
const added = [];
for (const [parent, { optionalDependencies = {}, dev, devOptional }] of Object.entries(lock.packages)) {
  if (parent === '') continue;
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const place = `node_modules/${name}`;
    if (lock.packages[place] || lock.packages[`${parent}/${place}`] || !/^\d/.test(version)) continue;
    const parts = name.split('/').at(-1).split(/[-.]/);
    const os = systems.find((system) => parts.includes(system) && system !== 'wasm32');
    const cpu = processors.find((processor) => parts.includes(processor));
    if (!os && !parts.includes('wasm32') && !parts.includes('wasi')) continue;
    lock.packages[place] = {
      version,
      ...(cpu && cpu !== 'universal' ? { cpu: [cpu] } : parts.includes('wasm32') ? { cpu: ['wasm32'] } : {}),
      ...(dev ? { dev } : {}),
      ...(devOptional ? { devOptional } : {}),
      ...(parts.includes('musl') || parts.includes('musleabihf') ? { libc: ['musl'] } : {}),
      ...(parts.includes('gnu') || parts.includes('gnueabihf') ? { libc: ['glibc'] } : {}),
      optional: true,
      ...(os ? { os: [os === 'windows' ? 'win32' : os] } : {}),
    };
    added.push(`${name}@${version}`);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added.length > 0 ? `Added ${added.length}: ${added.join(', ')}` : 'Nothing to add.');
