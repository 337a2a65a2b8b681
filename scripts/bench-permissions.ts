/** `npm run bench:permissions`: what the look at permissions costs each transaction, as one line of JSON. */
import { measurePermissions } from '../libs/evm/bench/permissions.js';

process.stdout.write(`${JSON.stringify(measurePermissions())}\n`);
