/** What developers use, the real thing each, through the gateway with an API key. One platform and one chain serve all of it. */
import { TEST_TIMEOUT_MS } from '../support/e2e.js';
import { comparisonSuite } from './comparison.suite.js';
import { ethersSuite } from './ethers.suite.js';
import { foundrySuite } from './foundry.suite.js';
import { hardhatSuite } from './hardhat.suite.js';
import { viemSuite } from './viem.suite.js';
import { startToolWorld, type ToolWorld } from './world.js';

jest.setTimeout(TEST_TIMEOUT_MS);

let world: ToolWorld | undefined;
const here = (): ToolWorld => world as ToolWorld;

beforeAll(async () => {
  world = await startToolWorld();
});
afterAll(async () => world?.stop());

describe('viem', () => viemSuite(here));
describe('ethers', () => ethersSuite(here));
describe('forge and cast', () => foundrySuite(here));
describe('Hardhat 3', () => hardhatSuite(here));
describe('the same as anvil', () => comparisonSuite(here));
