/** The command line that starts this program, for messages: npm's scripts in a clone, else the program's name. */

/** The npm package runs below `node_modules`, a clone and the image do not. A Worker has no such address. */
export const isPackage = (url: string | undefined = import.meta.url): boolean =>
  url?.includes('/node_modules/') ?? false;

/** `npm run deploy -- --renew`, or `opencode-claude-proxy deploy --renew`. */
export const ownCommand = (command: string, options = '', installed = isPackage()): string => {
  if (installed) return ['opencode-claude-proxy', command, options].filter(Boolean).join(' ');
  const script = command === 'start' ? 'npm start' : `npm run ${command}`;
  return options === '' ? script : `${script} -- ${options}`;
};
