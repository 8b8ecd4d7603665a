/**
 * The canonical model: a turn is one Anthropic Messages request, typed by the official SDK,
 * plus what the caller asked for by name. Dialects produce it, engines run it.
 */
import type Anthropic from '@anthropic-ai/sdk';

export type Message = Anthropic.MessageParam;
export type ContentBlock = Anthropic.ContentBlockParam;
export type AnswerMessage = Anthropic.Message;
export type StopReason = Anthropic.StopReason;
export type Usage = Anthropic.Usage;

/** A client tool as it travels in `tools` (server tools have a `type` such as `web_search_20250305`). */
export type Tool = Anthropic.ToolUnion;

/**
 * A Messages request body without `stream`: one path, every answer is streamed inside.
 * The SDK's types dropped the sampling parameters that older models still take.
 */
export type TurnRequest = Omit<Anthropic.MessageCreateParamsNonStreaming, 'stream'> & {
  temperature?: number;
  top_p?: number;
  top_k?: number;
};

export interface Turn {
  /** Id of the HTTP request, `req_…`; sent back as `x-request-id` and used in logs. */
  readonly id: string;
  /** Who asks: a short hash of the presented key. Two owners never share a conversation. */
  readonly owner: string;
  /** The request as it should reach the model; `model` is already resolved. */
  readonly request: TurnRequest;
  /** Values of `anthropic-beta`, for engines that can pass them on. */
  readonly betas: readonly string[];
  /** The caller's API does not know paused answers, so a paused one is sent back until it is complete. */
  readonly throughPauses?: true;
}

/** True for tools the client runs itself: no `type`, or `custom`. Anything else runs at the API. */
export const isClientTool = (tool: Tool): tool is Anthropic.Tool =>
  tool.type === undefined || tool.type === null || tool.type === 'custom';
