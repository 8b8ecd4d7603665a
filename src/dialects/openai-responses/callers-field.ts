/**
 * Maps paths in a turn's request to fields of the Responses request that it was made from. Codex removes a picture that
 * an error names.
 */
import type { TurnRequest } from '../../turn/turn.ts';
import type { CallersField } from '../callers-field.ts';
import { inMessages, inSystem, type FieldsOf, type Retraced } from '../openai/retrace.ts';
import type { Path } from '../validate.ts';
import type { ToolNames } from './tools/tool-names.ts';
import type { ResponsesRequest } from './wire.ts';

interface Parsed {
  readonly asked: ResponsesRequest;
  readonly request: TurnRequest;
  readonly names: ToolNames;
}

export const callersField =
  ({ asked, request, names }: Parsed, retrace: () => Retraced): CallersField =>
  ([head = '', ...rest]) => {
    if (head === 'messages') return inMessages(retrace(), rest, fieldsOf) ?? ['input'];
    if (head === 'system') return inSystem(retrace(), rest) ?? ['input'];
    if (head === 'tools') return inTools({ asked, request, names }, rest);
    if (head === 'output_config' && rest[0] === 'format') return ['text', 'format', 'schema'];
    if (head === 'metadata') return [typeof asked.safety_identifier === 'string' ? 'safety_identifier' : 'user'];
    return NAMES[head] ?? (head in asked ? [head] : undefined);
  };

const NAMES: Readonly<Record<string, Path>> = {
  max_tokens: ['max_output_tokens'],
  thinking: ['reasoning', 'effort'],
  output_config: ['reasoning', 'effort'],
};

/** A tool in a namespace is named together with it. */
const inTools = ({ asked, request, names }: Parsed, [index, ...rest]: readonly string[]): Path => {
  const offered = request.tools?.[Number(index)];
  const flat = offered !== undefined && 'name' in offered ? offered.name : '';
  const { name, namespace } = names.origin(flat);
  const position = (asked.tools ?? []).findIndex((tool) =>
    namespace === undefined ? 'name' in tool && tool.name === name : 'name' in tool && tool.name === namespace,
  );
  if (position === -1) return ['tools'];
  const field = namespace === undefined ? rest.flatMap((step) => TOOL_FIELDS[step] ?? [])[0] : undefined;
  return ['tools', position, ...(field === undefined ? [] : [field])];
};

const TOOL_FIELDS: Readonly<Record<string, string>> = {
  name: 'name',
  description: 'description',
  input_schema: 'parameters',
};

const fieldsOf: FieldsOf = (type, member) => FIELDS[type]?.[member] ?? [];

const FIELDS: Readonly<Record<string, Readonly<Record<string, Path>>>> = {
  image: { source: ['image_url'] },
  document: { source: ['file_data'], title: ['filename'] },
  tool_use: { id: ['call_id'], name: ['name'], input: ['arguments'] },
  tool_result: { content: ['output'], tool_use_id: ['call_id'] },
};
