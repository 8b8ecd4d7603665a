/** `completion bash|zsh|fish`: a script for the shell, made from the commands and flags that there are. */
import { Argument, type Command } from 'commander';
import { print } from '../output.ts';

export const addCompletion = (program: Command): void => {
  program
    .command('completion')
    .description('print a completion script for your shell')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      '\nExamples:\n  $ source <(opencode-claude-proxy completion bash)\n' +
        '  $ opencode-claude-proxy completion fish > ~/.config/fish/completions/opencode-claude-proxy.fish',
    )
    .action((shell: 'bash' | 'zsh' | 'fish') => print(SCRIPTS[shell](program.name(), wordsOf(program))));
};

/** Per command the words that may follow it; under `''` those of the program itself. */
type Words = ReadonlyMap<string, readonly string[]>;

const wordsOf = (program: Command): Words =>
  new Map([
    ['', [...program.commands.map((command) => command.name()), '--help', '--version']],
    ...program.commands.map((command): [string, readonly string[]] => [
      command.name(),
      [
        ...command.commands.map((each) => each.name()),
        ...command.options.flatMap(({ long }) => (long == null ? [] : [long])),
        ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
        '--help',
      ],
    ]),
  ]);

const bash = (name: string, words: Words): string => {
  const cases = [...words]
    .filter(([command]) => command !== '')
    .map(([command, next]) => `    ${command}) words="${next.join(' ')}" ;;`);
  return `_${identifier(name)}() {
  local words="${(words.get('') ?? []).join(' ')}"
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  [ "$COMP_CWORD" -le 1 ] && words="${(words.get('') ?? []).join(' ')}"
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _${identifier(name)} ${name}`;
};

/** zsh runs bash's completion functions. */
const zsh = (name: string, words: Words): string =>
  `#compdef ${name}\nautoload -U +X bashcompinit && bashcompinit\n${bash(name, words)}`;

const fish = (name: string, words: Words): string =>
  [...words]
    .flatMap(([command, next]) =>
      next.map((word) => {
        const condition = command === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${command}`;
        const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`;
        return `complete -c ${name} -n '${condition}' ${what}`;
      }),
    )
    .join('\n');

const SCRIPTS = { bash, zsh, fish };

const identifier = (name: string): string => name.replaceAll(/\W/gu, '_');
