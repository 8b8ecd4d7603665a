/** The items of a request, in the order of the conversation: those of stored responses first, references resolved. */
import { TurnError } from '../../../turn/errors.ts';
import type { StoredResponse } from '../../stored-response.ts';
import type { Path } from '../../openai/content.ts';
import { invalid, pathText } from '../../validate.ts';
import { ofItemId } from '../answer/answer.ts';
import { inputItems, type InputItem, type RequestTool, type ResponsesRequest } from '../wire.ts';
import type { PlacedItem } from './read-items.ts';

interface Items {
  readonly items: readonly PlacedItem[];
  /** The items of this request, with their original types. */
  readonly sent: readonly object[];
  /** Tools that were added in the middle of the conversation. */
  readonly tools: readonly RequestTool[];
}

type Stored = ReadonlyMap<string, StoredResponse>;

export const itemsOf = (
  { input, previous_response_id: previous }: Pick<ResponsesRequest, 'input' | 'previous_response_id'>,
  stored: Stored = new Map(),
): Items => {
  if (input === undefined || input === null) throw invalid('openai', ['input'], 'this field is required.');
  const sent: readonly InputItem[] = typeof input === 'string' ? [userMessage(input)] : input;
  const placed = sent.map((item, index) => resolved({ item, path: ['input', index] }, stored));
  const items = [
    ...historyOf(previous, stored).map((item) => ({ item, path: ['previous_response_id'] as Path })),
    ...placed,
  ];
  return {
    items,
    sent: placed.map(({ item }) => asSent(item)),
    tools: items.flatMap(({ item }) => (item.type === 'additional_tools' ? item.tools : [])),
  };
};

const userMessage = (text: string): Extract<InputItem, { type: 'message' }> => ({
  type: 'message',
  role: 'user',
  content: text,
});

const asSent = (item: InputItem): object => {
  if (item.type !== 'unknown') return item;
  const { of: type, ...rest } = item;
  return { ...rest, type };
};

const historyOf = (previous: string | null | undefined, stored: Stored): readonly InputItem[] => {
  const turns: (readonly InputItem[])[] = [];
  for (let id = previous; id !== undefined && id !== null;) {
    const response = stored.get(id);
    if (response === undefined) throw noSuchResponse(id);
    turns.unshift([...inputItems.parse(response.input), ...inputItems.parse(outputOf(response))]);
    id = response.previousId;
  }
  return turns.flat();
};

export const outputOf = ({ response }: StoredResponse): readonly object[] => {
  const output: unknown = Reflect.get(response, 'output');
  return Array.isArray(output) ? (output as readonly object[]) : [];
};

const noSuchResponse = (id: string): TurnError =>
  new TurnError('previous_response_not_found', `Previous response with id '${id.slice(0, 128)}' not found.`, {
    param: 'previous_response_id',
  });

const resolved = ({ item, path }: PlacedItem, stored: Stored): PlacedItem => {
  if (item.type !== 'item_reference') return { item, path };
  const position = ofItemId(item.id);
  const response = position && stored.get(position.responseId);
  const found = position && response && outputOf(response)[position.index];
  if (found !== undefined) return { item: inputItems.parse([found])[0] ?? item, path };
  throw new TurnError('invalid_request', `Item with id '${item.id.slice(0, 128)}' not found. ${HINT}`, {
    param: pathText('openai', [...path, 'id']),
  });
};

const HINT = 'This server knows the output of stored responses; send other items themselves, with store set to false.';
