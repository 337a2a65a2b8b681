import { runSeeds } from './testing/seeds.js';

/** Half of the seeds of a test run; two files, so that two workers share them. */
describe('the simulator, first thousand', () => runSeeds(1, 1000));
