import { chatSuite } from './chat.ts';
import { onEveryEngine } from './set-up.ts';

onEveryEngine('Chat Completions through the OpenAI SDK', chatSuite);
