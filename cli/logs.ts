import { setTimeout as sleep } from 'node:timers/promises';
import { Argument, type Command, Option } from 'commander';
import * as z from 'zod';
import { redactor } from '../core/auth/redact.ts';
import { type FunctionName, functionNames } from '../core/contracts/functions.ts';
import { type Installation, localInstallation, optionsOf, physicalName } from '../core/contracts/installation.ts';
import { type CloudStage, cloudStages } from '../core/contracts/stage-file.ts';
import { localCloud } from './api.ts';
import type { Wanted } from './aws/place.ts';
import type { AwsPlace } from './aws/signed-json.ts';
import { type Common, carryOutAlone, currentFolder, newCommand } from './command.ts';
import { accountOption, prefixOption, regionOption } from './deploy.ts';
import { type LogEvent, readLogs } from './logs-reader.ts';
import { numberOption, pastOption } from './options.ts';
import { jsonText, safe, tinted } from './output.ts';
import { CommandError, exitCodes } from './problems.ts';

interface Options extends Common, Omit<Wanted, 'stage'> {
  readonly follow?: boolean;
  readonly since: string | null;
  readonly stage?: CloudStage;
  readonly level?: string;
  readonly limit: number;
}

/** Between two looks while it follows. */
const pauseMs = 2_000;
/** Characters of a line at a terminal. */
const longestLine = 2_000;
/** While it follows: more events of a function in one look are not read. */
const mostInALook = 1_000;

const levels = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;
/** What every line of ours has; Lambda's own lines have less. */
const entrySchema = z.looseObject({
  level: z.string().optional(),
  message: z.unknown(),
  timestamp: z.string().optional(),
});

/** `quotron logs`: what the functions say. */
export function logsCommand(): Command {
  return newCommand('logs', 'What the functions log: of the local cloud, or of a stage on AWS', [
    'logs',
    'logs ingest monitor --follow',
    'logs --level WARN --since 12h',
    'logs api --stage prod --since 1h',
  ])
    .addArgument(new Argument('[functions...]', 'which functions (default: all)').choices(functionNames))
    .option('-f, --follow', 'print what comes until Ctrl-C')
    .addOption(new Option('--since <duration>', 'how far back: 5m, 12h, 3d').argParser(pastOption).default(null, '10m'))
    .addOption(new Option('--level <level>', 'of this level and above').choices(levels))
    .addOption(new Option('--limit <lines>', 'the newest so many').argParser(numberOption(100_000)).default(500))
    .addOption(
      new Option(
        '--stage <stage>',
        'of a stage on AWS, with your AWS credentials, in place of the local cloud',
      ).choices(cloudStages),
    )
    .addOption(prefixOption())
    .addOption(accountOption())
    .addOption(regionOption())
    .addHelpText(
      'after',
      '\nSecrets that are known here, and keys of Quotron and AWS, are masked. With --json a line is a JSON object.',
    )
    .action((names: FunctionName[], options: Options) =>
      carryOutAlone(options, async (out) => {
        const { place, installation, secrets } = await placeOf(options);
        const chosen = names.length > 0 ? [...new Set(names)] : functionNames;
        const mask = masker(secrets);
        const print = (lines: readonly Line[]) => {
          for (const line of lines.toSorted((a, b) => a.at - b.at))
            process.stdout.write(`${mask(out.json ? jsonText(asJson(line)) : shown(line))}\n`);
        };
        const wanted = (line: Line) => isOfLevel(line, options.level);
        const reader = new LogTail(place, installation, chosen);
        const first = await reader.since(Date.parse(options.since ?? pastOption('10m')), 100_000);
        print(first.filter(wanted).slice(-options.limit));
        if (reader.groups === 0 && options.stage !== undefined)
          throw new CommandError(
            `Account and region have no log of ${chosen.length === 1 ? chosen[0] : 'these functions'} (${optionsOf(installation)}): check AWS_PROFILE, AWS_REGION, --stage and --prefix.`,
          );
        if (first.length === 0 && !options.follow)
          out.progress('There are no lines since then: --since looks further back.');
        if (!options.follow) return exitCodes.ok;
        const stopping = new AbortController();
        const stop = () => stopping.abort();
        for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop);
        try {
          while (!stopping.signal.aborted) {
            await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
            if (!stopping.signal.aborted) print((await reader.next(mostInALook)).filter(wanted));
          }
        } finally {
          for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, stop);
        }
        return exitCodes.ok;
      }),
    );
}

/** One entry of a log. */
interface Line {
  readonly at: number;
  readonly function: FunctionName;
  readonly text: string;
}

/** Reads the groups of some functions, and then what comes: each event once. */
export class LogTail {
  /** How many of the functions had a log at the last look. */
  groups = 0;
  private readonly seen = new Set<string>();
  private from = 0;
  private readonly place: AwsPlace;
  private readonly installation: Installation;
  private readonly names: readonly FunctionName[];

  constructor(place: AwsPlace, installation: Installation, names: readonly FunctionName[]) {
    this.place = place;
    this.installation = installation;
    this.names = names;
  }

  /** The lines since an instant, the oldest first in each function. */
  async since(at: number, limit: number): Promise<Line[]> {
    this.from = at;
    return this.next(limit);
  }

  /** The lines that have come since the last look. */
  async next(limit: number): Promise<Line[]> {
    const found: Line[] = [];
    // Lines of the same millisecond may come later: the next look begins there, and what was seen is left out.
    let newest = this.from;
    this.groups = 0;
    for (const name of this.names) {
      const events = await readLogs(
        this.place,
        `/aws/lambda/${physicalName(this.installation, name)}`,
        this.from,
        limit,
      );
      if (events !== null) this.groups += 1;
      for (const event of events ?? []) {
        const id = idOf(name, event);
        if (this.seen.has(id)) continue;
        this.seen.add(id);
        newest = Math.max(newest, event.timestamp);
        found.push({ at: event.timestamp, function: name, text: event.message.trimEnd() });
      }
    }
    // Late lines of other functions are still found: they are seldom older than this.
    this.from = Math.max(this.from, newest - 10_000);
    if (this.seen.size > 200_000) this.seen.clear();
    return found;
  }
}

function idOf(name: string, { eventId, timestamp, message }: LogEvent): string {
  return eventId ?? `${name} ${timestamp} ${message}`;
}

/** Where the logs are, and secrets that this machine knows. */
async function placeOf({
  stage,
  ...wanted
}: Options): Promise<{ place: AwsPlace; installation: Installation; secrets: string[] }> {
  const ownKey = process.env['QUOTRON_API_KEY'];
  const local = localCloud(process.env, currentFolder());
  const secrets = [
    ...(ownKey ? [ownKey] : []),
    ...(local ? Object.values(local.apiKeys) : []),
    ...passwordOf(local?.databaseUrl),
  ];
  if (stage === undefined) {
    if (local?.emulatorUrl === undefined || local.emulatorAccessKeyId === undefined)
      throw new CommandError(
        'No local cloud is known here: run `npm start` in the checkout, or name a stage on AWS with --stage.',
      );
    const credentials = { accessKeyId: local.emulatorAccessKeyId, secretAccessKey: 'test' };
    return {
      place: { endpoint: local.emulatorUrl, region: 'us-east-1', credentials },
      installation: localInstallation,
      secrets,
    };
  }
  // Imported here so that no other command loads it.
  const { placeOf: placeOnAws } = await import('./aws/place.ts');
  const place = await placeOnAws({ stage, ...wanted }, process.env);
  return { place: place.access, installation: place, secrets };
}

function passwordOf(url: string | undefined): string[] {
  if (url === undefined || !URL.canParse(url)) return [];
  const { password } = new URL(url);
  return password === '' ? [] : [decodeURIComponent(password)];
}

/** Masks what is secret by its form, and what this machine knows to be. */
export function masker(secrets: readonly string[]): (text: string) => string {
  const known = redactor(secrets);
  return (text) =>
    known(text)
      .replaceAll(/\bqtr_(live|test|feed)_[\w-]{8,}/g, 'qtr_$1_[redacted]')
      .replaceAll(/\b(AKIA|ASIA)[A-Z0-9]{12,}\b/g, '$1[redacted]')
      .replaceAll(/\b(Bearer|Basic) [\w.~+/=-]{8,}/g, '$1 [redacted]');
}

function parsed(text: string): z.infer<typeof entrySchema> | null {
  try {
    return entrySchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

function isOfLevel({ text }: Line, least: string | undefined): boolean {
  if (least === undefined) return true;
  const place = (level: string) => levels.map(String).indexOf(level.toUpperCase());
  return place(parsed(text)?.level ?? 'INFO') >= place(least);
}

function asJson({ at, function: name, text }: Line) {
  return { at: new Date(at).toISOString(), function: name, entry: parsed(text) ?? text };
}

/** A line for people: nothing in it steers the terminal. */
function shown({ at, function: name, text }: Line): string {
  const entry = parsed(text);
  const time = new Date(at).toISOString().slice(11, 23);
  const level = entry?.level?.toUpperCase() ?? '';
  const tone = level === 'ERROR' ? 'bad' : level === 'WARN' ? 'fair' : 'dim';
  const said = entry === null ? text : messageOf(entry);
  const line = safe(said);
  const cut = line.length > longestLine ? `${line.slice(0, longestLine)}…` : line;
  return `${tinted('dim', time)} ${name.padEnd(14)} ${tinted(tone, safe(level).padEnd(5))} ${cut}`;
}

/** Its message, and what else it says beside what every line has. */
function messageOf({ level: _, message, timestamp: __, ...rest }: z.infer<typeof entrySchema>): string {
  const usual =
    /^(service|sampling_rate|cold_start|function_(arn|memory_size|name|request_id)|xray_trace_id|_aws|stage)$/;
  const more = Object.entries(rest).filter(([name]) => !usual.test(name));
  const text = typeof message === 'string' ? message : message === undefined ? '' : JSON.stringify(message);
  return more.length === 0 ? text : `${text} ${JSON.stringify(Object.fromEntries(more))}`.trim();
}
