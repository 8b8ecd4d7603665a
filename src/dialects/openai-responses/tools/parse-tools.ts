/**
 * `tools`, `tool_choice` and `parallel_tool_calls` to the tools of the Messages API. No type of tool is refused unless
 * it is forced.
 */
import type Anthropic from '@anthropic-ai/sdk';
import { TurnError } from '../../../turn/errors.ts';
import { functionTools, toolChoice } from '../../openai/tools.ts';
import type { Report } from '../../parameters.ts';
import { invalid } from '../../validate.ts';
import type { RequestTool, ResponsesRequest, ToolChoice } from '../wire.ts';
import { customAsFunction } from '../../openai/custom-tools.ts';
import { hostedTools, type HostedTool } from './hosted-tools.ts';
import { clientToolsOf, ToolNames, type ClientTool } from './tool-names.ts';

export interface Tools {
  readonly tools?: Anthropic.ToolUnion[];
  readonly tool_choice?: Anthropic.ToolChoice;
}

interface Parsing {
  /** Whether the engine supports tools that run at the API. */
  readonly serverTools: boolean;
  readonly report: Report;
}

/** A tool as it is offered, with the names by which `tool_choice` can refer to it. */
interface Offer {
  readonly tool: Anthropic.Tool | HostedTool['tool'];
  readonly means: (named: Named) => boolean;
}

interface Named {
  readonly type: string;
  readonly name?: string | null | undefined;
  readonly namespace?: string | null | undefined;
}

export const parseTools = (
  tools: readonly RequestTool[],
  body: Pick<ResponsesRequest, 'tool_choice' | 'parallel_tool_calls' | 'max_tool_calls'>,
  parsing: Parsing,
): { readonly tools: Tools; readonly names: ToolNames } => {
  const clientTools = clientToolsOf(tools);
  const names = new ToolNames(clientTools);
  const offers = [
    ...clientOffers(clientTools, names, parsing.report),
    ...hostedOffers(tools, names, { body, ...parsing }),
  ];
  const { choice, offered } = chosen(body.tool_choice ?? 'auto', offers);
  if (offered.length === 0) return { tools: {}, names };
  const oneAtATime = body.parallel_tool_calls === false;
  return { tools: { tools: offered.map(({ tool }) => tool), ...toolChoice(choice, { oneAtATime }) }, names };
};

const clientOffers = (tools: readonly ClientTool[], names: ToolNames, report: Report): readonly Offer[] => {
  const definitions = tools.map(({ definition, namespace }) => {
    const name = names.flat(definition.name, namespace);
    if (definition.type === 'function') return { ...definition, name };
    report.emulate('tools[].custom');
    return customAsFunction(definition, name);
  });
  const offered = functionTools(definitions, () => report.ignore('tools[].strict'));
  return offered.map((tool, index) => ({ tool, means: (named) => meansClientTool(named, tool.name, tools[index]) }));
};

/** `tool_choice` may leave out the namespace, or use this server's name. */
const meansClientTool = ({ type, name, namespace }: Named, flat: string, tool: ClientTool | undefined): boolean => {
  if (type !== 'function' && type !== 'custom') return false;
  if (name === flat) return true;
  return name === tool?.definition.name && (namespace ?? tool?.namespace) === tool?.namespace;
};

interface Hosting extends Parsing {
  readonly body: Pick<ResponsesRequest, 'max_tool_calls'>;
}

const hostedOffers = (tools: readonly RequestTool[], names: ToolNames, hosting: Hosting): readonly Offer[] =>
  hostedTools(tools, {
    taken: (name) => names.has(name),
    serverTools: hosting.serverTools,
    maxUses: hosting.body.max_tool_calls,
    report: hosting.report,
  }).map(({ tool, type }) => ({ tool, means: (named) => named.type.startsWith(type) }));

/** Throws where the forced tool was not offered, or cannot be offered. */
const chosen = (
  choice: ToolChoice,
  offers: readonly Offer[],
): { readonly choice: Anthropic.ToolChoice; readonly offered: readonly Offer[] } => {
  if (typeof choice === 'string') {
    if (choice === 'required' && offers.length === 0) {
      throw invalid('openai', ['tool_choice'], "'required' is only allowed when there are tools that can be called.");
    }
    return { choice: { type: choice === 'required' ? 'any' : choice }, offered: offers };
  }
  if (!isAllowedTools(choice)) {
    const [offer] = meant([choice], offers);
    return { choice: { type: 'tool', name: offer?.tool.name ?? '' }, offered: offers };
  }
  const offered = meant(choice.tools, offers);
  return { choice: { type: choice.mode === 'required' ? 'any' : 'auto' }, offered };
};

type AllowedTools = Extract<ToolChoice, { type: 'allowed_tools' }>;

const isAllowedTools = (choice: Exclude<ToolChoice, string>): choice is AllowedTools => choice.type === 'allowed_tools';

const meant = (named: readonly Named[], offers: readonly Offer[]): readonly Offer[] => {
  const missing = named.find((one) => !offers.some((offer) => offer.means(one)));
  if (missing === undefined) return offers.filter((offer) => named.some((one) => offer.means(one)));
  const isClientTool = missing.type === 'function' || missing.type === 'custom';
  if (isClientTool) {
    const name = (missing.name ?? '').slice(0, 128);
    throw invalid('openai', ['tool_choice'], `'${name}' is not among the tools of this request.`);
  }
  throw new TurnError(
    'unsupported_parameter',
    `Unsupported value for 'tool_choice': this server has no tool of type '${missing.type.slice(0, 64)}' to call.`,
    { param: 'tool_choice' },
  );
};
