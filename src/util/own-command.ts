/** The command line that starts this program, for messages: npm's scripts in a clone, else the program's name. */

/** The npm package runs below `node_modules`, a clone and the image do not. A Worker has no such address. */
export const isPackage = (url: string | undefined = import.meta.url): boolean =>
  url?.includes('/node_modules/') ?? false;

/** The package has commands of its own for these. */
const SHORTER: Readonly<Record<string, string>> = {
  'claude auth login': 'login',
  'claude setup-token': 'login --token',
};

/** `npm run deploy -- --renew`, or `opencode-claude-proxy deploy --renew`. */
export const ownCommand = (command: string, options = '', installed = isPackage()): string => {
  const words = [command, options].filter(Boolean).join(' ');
  if (installed) return `opencode-claude-proxy ${SHORTER[words] ?? words}`;
  const script = command === 'start' ? 'npm start' : `npm run ${command}`;
  return options === '' ? script : `${script} -- ${options}`;
};
