/** `npm run bench:worst-blocks`: the program itself stands beside what it measures. */
import '../libs/evm/bench/worst-blocks.js';
