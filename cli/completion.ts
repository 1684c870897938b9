import { Argument, Command } from 'commander';
import { exitCodes } from './problems.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

/** `quotron completion`: a script for a shell, made of the commands themselves. */
export function completionCommand(program: () => Command): Command {
  return new Command('completion')
    .description('Print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(shells))
    .addHelpText(
      'after',
      `
bash:  quotron completion bash > ~/.local/share/bash-completion/completions/quotron
zsh:   quotron completion zsh > "\${fpath[1]}/_quotron"
fish:  quotron completion fish > ~/.config/fish/completions/quotron.fish`,
    )
    .action((shell: Shell) => {
      process.stdout.write(scripts[shell](wordsOf(program(), [])));
      process.exitCode = exitCodes.ok;
    });
}

/** What may follow some words of a command line. */
interface Words {
  /** The commands before: `quarantine list`; empty at first. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly { readonly name: string; readonly description: string }[];
  /** Values of options and arguments that are from a closed list, by `--option`; of the arguments by an empty name. */
  readonly choices: ReadonlyMap<string, readonly string[]>;
}

function wordsOf(command: Command, path: readonly string[]): Words[] {
  const choices = new Map<string, readonly string[]>();
  for (const option of command.options) if (option.argChoices) choices.set(option.long ?? '', option.argChoices);
  const ofArguments = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  if (ofArguments.length > 0) choices.set('', ofArguments);
  const one: Words = {
    path: path.join(' '),
    commands: command.commands.map((each) => ({ name: each.name(), description: each.description() })),
    options: [...command.options, { long: '--help', description: 'display help for command' }].flatMap(
      ({ long, description }) => (long ? [{ name: long, description }] : []),
    ),
    choices,
  };
  return [one, ...command.commands.flatMap((each) => wordsOf(each, [...path, each.name()]))];
}

const scripts: Readonly<Record<Shell, (all: readonly Words[]) => string>> = {
  bash: (all) => `# bash completion of quotron
${posix(all)}
_quotron() {
  local words=() word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do words+=("$word"); done
  COMPREPLY=()
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$(_quotron_words "\${words[@]}")" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _quotron quotron
`,
  zsh: (all) => `#compdef quotron
# zsh completion of quotron
${posix(all)}
_quotron() {
  local -a found
  found=(\${=$(_quotron_words "\${(@)words[2,CURRENT-1]}")})
  compadd -a found
}
if [ "$funcstack[1]" = "_quotron" ]; then _quotron "$@"; else compdef _quotron quotron; fi
`,
  fish: (all) => `# fish completion of quotron
function __quotron_at
    set -l path
    for word in (commandline -opc)[2..]
        string match -q -- '-*' $word; or set -a path $word
    end
    set -l words "$path "
    set -l of "$argv "
    test "$argv" = ""; and test "$path" = ""; and return 0
    test "$argv" != ""; and string match -q -- "$of*" $words
end
complete -c quotron -f
${all.flatMap(fishLines).join('\n')}
`,
};

/** The words that may follow, by the commands before: a function that bash and zsh both read. */
function posix(all: readonly Words[]): string {
  const paths = all.map(({ path }) => path).filter((path) => path !== '');
  const lines = all.flatMap(({ path, commands, options, choices }) => [
    ...[...choices].flatMap(([option, values]) =>
      option === '' ? [] : [`    ${shellWord(`${path}|${option}`)}) echo ${shellWord(values.join(' '))};;`],
    ),
    `    ${shellWord(`${path}|`)}*) echo ${shellWord(
      [...commands.map(({ name }) => name), ...(choices.get('') ?? []), ...options.map(({ name }) => name)].join(' '),
    )};;`,
  ]);
  return `_quotron_words() {
  local path="" last="" word
  for word in "$@"; do
    last="$word"
    case "\${path:+$path }$word" in
      ${paths.map(shellWord).join('|')}) path="\${path:+$path }$word";;
    esac
  done
  case "$path|$last" in
${lines.join('\n')}
  esac
}`;
}

function fishLines({ path, commands, options, choices }: Words): string[] {
  const at = `complete -c quotron -n ${fishWord(`__quotron_at ${path}`.trimEnd())}`;
  return [
    ...commands.map(({ name, description }) => `${at} -a ${fishWord(name)} -d ${fishWord(description)}`),
    ...(choices.get('') ?? []).map((value) => `${at} -a ${fishWord(value)}`),
    ...options.map(({ name, description }) => {
      const values = choices.get(name);
      const takes = values ? ` -x -a ${fishWord(values.join(' '))}` : '';
      return `${at} -l ${fishWord(name.slice(2))}${takes} -d ${fishWord(description)}`;
    }),
  ];
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishWord(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
