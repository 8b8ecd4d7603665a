/** `completion bash|zsh|fish`: a script for the shell, made from the commands and flags that there are. */
import { Argument, type Command } from 'commander';
import { clients } from '../connect/clients/index.ts';
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

/** By what was typed after the program, `keys add`, the words that may follow it; under `''` those of the program. */
type Words = ReadonlyMap<string, readonly string[]>;

const wordsOf = (program: Command): Words =>
  new Map([
    ['', [...program.commands.map((command) => command.name()), '--help', '--version']],
    ...program.commands.flatMap((command): [string, readonly string[]][] => [
      [command.name(), wordsAfter(command)],
      ...command.commands.map((each): [string, readonly string[]] => [
        `${command.name()} ${each.name()}`,
        wordsAfter(each),
      ]),
    ]),
  ]);

const wordsAfter = (command: Command): readonly string[] => [
  ...command.commands.map((each) => each.name()),
  // Both take a client's name.
  ...(['connect', 'doctor'].includes(command.name()) ? clients.map(({ id }) => id) : []),
  ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  ...command.options.flatMap(({ long }) => (long == null ? [] : [long])),
  '--help',
];

const bash = (name: string, words: Words): string => {
  const cases = [...words]
    .filter(([path]) => path !== '')
    // The longer path first: `keys add` before `keys`.
    .toSorted(([one], [other]) => other.length - one.length)
    .map(([path, next]) => `    "${path} "*) words="${next.join(' ')}" ;;`);
  return `_${identifier(name)}() {
  local words="${(words.get('') ?? []).join(' ')}"
  local before="\${COMP_WORDS[*]:1:COMP_CWORD-1} "
  case "$before" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _${identifier(name)} ${name}`;
};

/** zsh runs bash's completion functions. */
const zsh = (name: string, words: Words): string =>
  `#compdef ${name}\nautoload -U +X bashcompinit && bashcompinit\n${bash(name, words)}`;

const fish = (name: string, words: Words): string =>
  [...words]
    .flatMap(([path, next]) =>
      next.map((word) => {
        const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`;
        return `complete -c ${name} -n '${fishCondition(path, words)}' ${what}`;
      }),
    )
    .join('\n');

const fishCondition = (path: string, words: Words): string => {
  if (path === '') return '__fish_use_subcommand';
  const seen = path.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
  const deeper = [...words.keys()].filter((each) => each.startsWith(`${path} `)).map((each) => each.split(' ')[1]);
  return [...seen, ...(deeper.length === 0 ? [] : [`not __fish_seen_subcommand_from ${deeper.join(' ')}`])].join(
    '; and ',
  );
};

const SCRIPTS = { bash, zsh, fish };

const identifier = (name: string): string => name.replaceAll(/\W/gu, '_');
