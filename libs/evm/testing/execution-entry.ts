import { serveExecution } from '../src/index.js';

/** What an execution thread of the tests runs; the node's own program does the same. */
serveExecution();
