import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { privateKeyToAccount } from 'viem/accounts';
import { toHex } from '#ledger';
import { keccak256 } from '../src/crypto/keccak.js';
import { EMPTY_STATE, Overlay } from '../src/state/overlay.js';
import type { AccountText } from './cases.js';
import { runConformance } from './run.js';
import { seed } from './run-case.js';
import { standardRoot } from './standard-root.js';

const SENDER = privateKeyToAccount(`0x${'11'.repeat(32)}`);
const TO = `0x${'22'.repeat(20)}`;
const COINBASE = `0x${'33'.repeat(20)}`;
const NO_LOGS = `0x${toHex(keccak256(Uint8Array.of(0xc0)))}`;
const account = (balance: bigint, rest: Partial<AccountText> = {}): AccountText => ({ balance: `0x${balance.toString(16)}`, nonce: '0x00', code: '0x', storage: {}, ...rest });
/** SSTORE(0, GASPRICE). */
const CODE = '0x3a5f5500';
const GAS_USED = 21_000n + 2n + 2n + 22_100n;

/** The public tests are run by `npm run conformance`; here, that it would see a fault. */
describe('state tests', () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'stele-conformance-test-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  const pre = { [SENDER.address.toLowerCase()]: account(10n ** 18n), [TO]: account(5n, { code: CODE, nonce: '0x01' }) };
  const rootOf = (after: Record<string, AccountText>): Promise<string> => {
    const overlay = new Overlay(EMPTY_STATE);
    seed(overlay, after);
    return standardRoot(overlay, after, false);
  };
  const write = async (name: string, fork: string, hash: string, change: { gasPrice?: bigint; expectException?: string } = {}): Promise<string> => {
    const gasPrice = change.gasPrice ?? 11n;
    const txbytes = await SENDER.signTransaction({ type: 'legacy', chainId: 1, nonce: 0, gasPrice, gas: 100_000n, to: TO as `0x${string}`, value: 7n });
    const test = {
      env: { currentCoinbase: COINBASE, currentDifficulty: '0x0', currentRandom: '0x00', currentGasLimit: '0x1c9c380', currentNumber: '0x1', currentTimestamp: '0x3e8', currentBaseFee: '0xa', currentExcessBlobGas: '0x0' },
      pre,
      transaction: { data: ['0x'], gasLimit: ['0x0186a0'], value: ['0x07'], nonce: '0x00', to: TO, sender: SENDER.address.toLowerCase(), gasPrice: `0x${gasPrice.toString(16)}` },
      post: { [fork]: [{ hash, logs: NO_LOGS, txbytes, indexes: { data: 0, gas: 0, value: 0 }, ...(change.expectException === undefined ? {} : { expectException: change.expectException }) }] },
    };
    const path = join(folder, name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'test.json'), JSON.stringify({ [name]: test }));
    return path;
  };
  const run = (path: string): ReturnType<typeof runConformance> => runConformance(path, () => undefined);

  it('pass where fees, gas, storage and the coinbase come out as the standard root says', async () => {
    const after = {
      [SENDER.address.toLowerCase()]: account(10n ** 18n - 7n - GAS_USED * 11n, { nonce: '0x01' }), [TO]: account(12n, { code: CODE, nonce: '0x01', storage: { '0x00': '0x0b' } }), [COINBASE]: account(GAS_USED),
    };
    expect(await run(await write('right', 'Cancun', await rootOf(after)))).toMatchObject({ tests: 1, passed: 1, failed: [], skipped: [] });
  });

  it('fail where one wei is elsewhere', async () => {
    const after = {
      [SENDER.address.toLowerCase()]: account(10n ** 18n - 7n - GAS_USED * 11n, { nonce: '0x01' }), [TO]: account(12n, { code: CODE, nonce: '0x01', storage: { '0x00': '0x0b' } }), [COINBASE]: account(GAS_USED + 1n),
    };
    const { passed, failed } = await run(await write('wrong', 'Cancun', await rootOf(after)));
    expect([passed, failed.length, failed[0]?.fault.startsWith('state root')]).toEqual([0, 1, true]);
  });

  it('fail where a transaction is taken that must not be, or refused for another reason', async () => {
    const untouched = await rootOf(pre);
    expect((await run(await write('taken', 'Cancun', untouched, { expectException: 'TransactionException.INTRINSIC_GAS_TOO_LOW' }))).failed[0]?.fault).toContain('taken, and must be refused');
    expect(await run(await write('refused', 'Cancun', untouched, { gasPrice: 9n, expectException: 'TransactionException.INSUFFICIENT_MAX_FEE_PER_GAS' }))).toMatchObject({ passed: 1, failed: [] });
    expect((await run(await write('otherwise', 'Cancun', untouched, { gasPrice: 9n, expectException: 'TransactionException.NONCE_IS_MAX' }))).failed[0]?.fault).toContain('refused as INSUFFICIENT_MAX_FEE_PER_GAS');
  });

  it('are skipped, with the reason, for a fork that is not known', async () => {
    expect((await run(await write('unknown', 'Amsterdam', '0x00'))).skipped).toEqual([{ name: expect.stringContaining('Amsterdam') as string, reason: 'the fork Amsterdam is not known' }]);
  });
});
