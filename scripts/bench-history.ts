/** `npm run bench:history`: the program itself stands beside what it measures. */
import '../libs/evm/bench/history.js';
