import { isRecoveryThread, serveExecution, serveRecovery } from '../src/index.js';

/** What the threads of the tests run; the node's own program does the same. */
if (isRecoveryThread()) serveRecovery();
else serveExecution();
