import { runSeeds } from './testing/seeds.js';

/** Half of the seeds of a test run; two files, so that two workers share them. */
describe('the simulator, second thousand', () => runSeeds(1001, 1000));
