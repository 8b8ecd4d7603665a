import { ollamaSuite } from './ollama.ts';
import { onEveryEngine } from './set-up.ts';

onEveryEngine("Ollama's API through its client", (world) =>
  ollamaSuite(() => ({ ...world(), url: world().server.url })),
);
