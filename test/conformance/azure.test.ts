import { azureSuite } from './azure.ts';
import { onEveryEngine } from './set-up.ts';

const apiKey = 'a-key-of-this-server';

onEveryEngine("Azure's paths through the OpenAI SDK", (world) => azureSuite(world, apiKey), { PROXY_API_KEY: apiKey });
