import { parameterSuite } from './suite.ts';

parameterSuite('claude-code');
