import { responsesSuite } from './responses.ts';
import { onEveryEngine } from './set-up.ts';

onEveryEngine('Responses through the OpenAI SDK', responsesSuite);
