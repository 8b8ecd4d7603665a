import { parameterSuite } from './suite.ts';

parameterSuite('anthropic-api');
