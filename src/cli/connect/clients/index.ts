/** Every client, in the order of docs/CLIENTS.md. To add one: a file beside these, and a line here. */
import { CliError } from '../../cli-error.ts';
import type { Client } from '../client.ts';
import { aider } from './agents/aider.ts';
import { claudeCode } from './agents/claude-code.ts';
import { codex } from './agents/codex.ts';
import { copilotCli } from './agents/copilot-cli.ts';
import { opencode } from './agents/opencode.ts';
import { openHands } from './agents/openhands.ts';
import { pi } from './agents/pi.ts';
import { homeAssistant } from './apps/home-assistant.ts';
import { libreChat } from './apps/librechat.ts';
import { n8n } from './apps/n8n.ts';
import { openWebUi } from './apps/open-webui.ts';
import { raycast } from './apps/raycast.ts';
import { cline } from './editors/cline.ts';
import { continueDev } from './editors/continue.ts';
import { cursor } from './editors/cursor.ts';
import { jetbrains } from './editors/jetbrains.ts';
import { kilo } from './editors/kilo.ts';
import { vscode } from './editors/vscode.ts';
import { xcode } from './editors/xcode.ts';
import { zed } from './editors/zed.ts';
import { aiSdk } from './libraries/ai-sdk.ts';
import { anthropicSdk } from './libraries/anthropic-sdk.ts';
import { langChain } from './libraries/langchain.ts';
import { openAiSdk } from './libraries/openai-sdk.ts';

export const clients: readonly Client[] = [
  opencode,
  claudeCode,
  codex,
  pi,
  copilotCli,
  aider,
  openHands,
  continueDev,
  cline,
  kilo,
  zed,
  vscode,
  jetbrains,
  cursor,
  xcode,
  openWebUi,
  libreChat,
  n8n,
  raycast,
  homeAssistant,
  openAiSdk,
  anthropicSdk,
  aiSdk,
  langChain,
];

/** By id or name. Throws `CliError`. */
export const clientNamed = (name: string): Client => {
  const wanted = name.toLowerCase();
  const found = clients.find((client) => [client.id, client.name.toLowerCase()].includes(wanted));
  if (found !== undefined) return found;
  throw new CliError(`There is no client ${name}. These are known: ${clients.map(({ id }) => id).join(', ')}.`, 2);
};
