/** Apache Kafka by Maven, in `.quotron/kafka` of the checkout: some 45 files, 43 MB. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LocalCloudError } from '../problem.ts';
import { runToEnd } from '../processes.ts';
import { root } from '../state-folder.ts';

const pom = join(import.meta.dirname, 'pom.xml');
const leastJava = 17;

/** Why Kafka cannot run on this machine, or `null`. */
export function whyNoKafka(): string | null {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8', timeout: 20_000 });
  // `openjdk version "17.0.15"`, on the error stream.
  const version = Number(/version "(\d+)/.exec(`${java.stderr}${java.stdout}`)?.[1]);
  if (java.status !== 0 || Number.isNaN(version)) return `there is no Java (${leastJava} or newer)`;
  if (version < leastJava) return `Java is ${version}, and Kafka needs ${leastJava} or newer`;
  if (librariesThere()) return null;
  const maven = spawnSync('mvn', ['--version'], { encoding: 'utf8', timeout: 30_000 });
  return maven.status === 0 ? null : 'there is no Maven (the command mvn), which downloads Kafka';
}

function folder(): string {
  const wanted = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 12);
  return join(root, '.quotron', 'kafka', wanted);
}

function librariesThere(): boolean {
  return existsSync(folder());
}

/** The folder with the libraries of Kafka, downloaded when missing. Throws with what to install where it cannot be. */
export async function kafkaLibraries(say: (line: string) => void, signal?: AbortSignal): Promise<string> {
  const why = whyNoKafka();
  if (why !== null)
    throw new LocalCloudError(
      `Kafka cannot run here: ${why}. Install it (Debian, Ubuntu: sudo apt install default-jre-headless maven; macOS: ` +
        'brew install openjdk maven), or set KAFKA_BROKERS to a Kafka that runs already.',
    );
  const libraries = folder();
  if (librariesThere()) return libraries;
  const started = performance.now();
  say('downloading Apache Kafka from Maven Central');
  mkdirSync(join(root, '.quotron', 'kafka'), { recursive: true });
  // Into a temporary folder first, so that two simultaneous starts, or a killed one, leave no incomplete one.
  const half = `${libraries}.${process.pid}`;
  try {
    await maven(['dependency:copy-dependencies', `-DoutputDirectory=${half}`, '-DincludeScope=runtime'], signal);
    if (!librariesThere()) renameSync(half, libraries);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
  say(`downloaded Apache Kafka in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return libraries;
}

function maven(goals: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  // Files whose checksum is wrong are refused.
  return runToEnd(
    'mvn',
    ['--batch-mode', '--quiet', '--strict-checksums', '--file', pom, ...goals],
    'Kafka could not be downloaded from Maven Central by `mvn`. Check the network (or the mirror in ~/.m2/settings.xml) and the ' +
      'disk, or set KAFKA_BROKERS to a Kafka that runs already.',
    signal,
  );
}
