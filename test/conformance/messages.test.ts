import { messagesSuite } from './messages.ts';
import { onEveryEngine } from './set-up.ts';

onEveryEngine('Messages through the Anthropic SDK', messagesSuite);
