import { cursorSuite } from './cursor.ts';
import { onEveryEngine } from './set-up.ts';

onEveryEngine("Cursor's three shapes", cursorSuite);
