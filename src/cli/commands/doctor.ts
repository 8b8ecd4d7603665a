/** `doctor`: looks at everything that a server needs, and says for each thing that is wrong what to do. */
import type { Command } from 'commander';
import type { Questions } from '../doctor/diagnose.ts';
import type { Finding } from '../doctor/finding.ts';
import { print, printJson, styled } from '../output.ts';

interface Options extends Questions {
  readonly json?: boolean;
}

export const addDoctor = (program: Command): void => {
  program
    .command('doctor')
    .description('look at everything that a server needs, and say what to do where something is wrong')
    .option('--turn', 'ask the model for one token, in place of a free count of tokens')
    .option('--offline', 'do not ask the API')
    .option('--client <name>', 'look at the configuration of a client instead')
    .option('--url <url>', 'with --client: address of the server')
    .option('--key-env <name>', 'with --client: the variable that holds the server’s key')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit codes: 0 nothing stops a server, 1 something does.')
    .action(async (options: Options) => {
      const { diagnose } = await import('../doctor/diagnose.ts');
      const findings = await diagnose(options);
      if (options.json === true) printJson(findings);
      else for (const finding of findings) print(describe(finding));
      if (findings.some(({ level }) => level === 'problem')) process.exitCode = 1;
    });
};

const MARKS = {
  ok: ['green', '✓'],
  note: ['cyan', '·'],
  warning: ['yellow', '!'],
  problem: ['red', '✗'],
} as const;

const describe = ({ level, text, remedy }: Finding): string => {
  const [colour, mark] = MARKS[level];
  return `${styled(colour, mark)} ${text}${remedy === undefined ? '' : `\n    ${styled('dim', '→')} ${remedy}`}`;
};
