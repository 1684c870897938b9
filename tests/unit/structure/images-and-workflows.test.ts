import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { functionNames } from '../../../core/contracts/functions.ts';

const root = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const dockerfiles = readdirSync(join(root, 'docker')).map((name) => `docker/${name}`);
const workflows = readdirSync(join(root, '.github/workflows')).map((name) => `.github/workflows/${name}`);

describe('images', () => {
  it('there is one for each function, with its bundle', () => {
    const text = read('docker/functions.Dockerfile');
    const made = [
      ...text.matchAll(/^FROM base AS (\S+)\nCOPY --from=bundles \/bundles\/(\S+) \$\{LAMBDA_TASK_ROOT\}\/$/gm),
    ];
    for (const [, target, bundle] of made) expect(bundle).toBe(target);
    expect(made.map(([, target]) => target).sort()).toEqual([...functionNames].sort());
  });

  it.each(dockerfiles)('%s copies only what there is, and names a version of what it is based on', (file) => {
    const lines = read(file).split('\n');
    const stages = lines.flatMap((line) => / AS (\S+)$/.exec(line)?.[1] ?? []);
    const based = lines.flatMap((line) => /^FROM (\S+)/.exec(line)?.[1] ?? []);
    expect(based.length).toBeGreaterThan(0);
    for (const image of based) expect(stages.includes(image) || /:\d/.test(image), image).toBe(true);
    const copied = lines.filter((line) => /^COPY (?!--from)/.test(line));
    for (const line of copied)
      for (const source of line.split(' ').slice(1, -1))
        if (!source.startsWith('--')) expect(() => readdirOrFile(source), `${file}: ${source}`).not.toThrow();
  });

  it.each(dockerfiles.filter((file) => !file.includes('functions')))('%s runs as no superuser', (file) => {
    expect(read(file)).toMatch(/^USER 1000$/m);
  });

  it('compose.yaml builds from Dockerfiles that there are, and holds no password', () => {
    const text = read('compose.yaml');
    const named = [...text.matchAll(/dockerfile: (\S+) \}/g)].map(([, file]) => file);
    expect(named).toEqual(['docker/local-cloud.Dockerfile', 'docker/proxy.Dockerfile']);
    for (const file of named) expect(dockerfiles).toContain(file);
    for (const [, value] of text.matchAll(/^ +\w*(?:PASSWORD|KEY): (.*)$/gm)) expect(value).toMatch(/^\$\{\w+:\?.+\}$/);
  });

  function readdirOrFile(path: string): unknown {
    return path.includes('.') && path !== '.' ? read(path) : readdirSync(join(root, path));
  }
});

describe('workflows', () => {
  it.each(workflows)('%s names actions by commit, with the version beside it, and says what its token may', (file) => {
    const text = read(file);
    const uses = text.match(/uses: .*/g) ?? [];
    expect(uses.length).toBeGreaterThan(0);
    for (const each of uses) expect(each).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    expect(text).toMatch(/^permissions:\n {2}contents: read\n/m);
    // A value that somebody else chooses is an environment variable, and no part of a command.
    for (const [, command] of text.matchAll(/run: (.*)$/gm)) expect(command).not.toContain('${{');
    expect(text).not.toMatch(/AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY)|pull_request_target/);
  });

  it('what they run is there', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const run = workflows.flatMap((file) => [...read(file).matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name));
    expect(run.length).toBeGreaterThan(1);
    for (const name of run) expect(Object.keys(scripts)).toContain(name);
  });

  it('a stage is deployed by the command that refuses to replace its database, and its sign-in is in no log', () => {
    expect(read('.github/workflows/deploy.yml')).toMatch(
      /run: npx quotron deploy --stage "\$STAGE" --yes > \/dev\/null$/m,
    );
    for (const file of workflows) expect(read(file)).not.toContain('cdk deploy --');
  });

  it('Dependabot raises actions, packages and images', () => {
    const text = read('.github/dependabot.yml');
    const kinds = [...text.matchAll(/package-ecosystem: (\S+)/g)].map(([, kind]) => kind);
    expect(kinds).toEqual(['npm', 'github-actions', 'docker', 'pip']);
    for (const [, list] of text.matchAll(/directories: \[(.*)\]/g))
      for (const folder of (list ?? '').split(', '))
        expect(readdirSync(join(root, folder))).toContain('requirements.txt');
  });
});
