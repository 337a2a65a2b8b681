import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleChain } from '../../libs/sdk/testing/sample-chain.js';
import { verifyCommand } from './command.js';

const chain = sampleChain();
const folder = mkdtempSync(join(tmpdir(), 'stele-verify-'));
afterAll(() => rmSync(folder, { recursive: true }));

const paths = { genesis: join(folder, 'genesis.json'), receipt: join(folder, 'receipt.json'), tampered: join(folder, 'tampered.json'), head: join(folder, 'head.json') };
let genesisHash: string;
beforeAll(async () => {
  const file = await chain.file();
  genesisHash = file.genesisHash;
  const receipt = chain.receipt(2);
  writeFileSync(paths.genesis, JSON.stringify(file));
  writeFileSync(paths.receipt, JSON.stringify({ jsonrpc: '2.0', id: 1, result: receipt }));
  writeFileSync(paths.tampered, JSON.stringify({ ...receipt, result: { ...receipt.result, gasUsed: '1' } }));
});

function run(...argv: string[]): { code: number; out: string; err: string } {
  let [out, err] = ['', ''];
  const code = verifyCommand(argv, { log: (text) => (out += text), error: (text) => (err += text) });
  return { code, out, err };
}

it('0: verified, in words', () => {
  const { code, out } = run(paths.genesis, paths.receipt, '--genesis-hash', genesisHash);
  expect(code).toBe(0);
  expect(out).toMatch(/^VERIFIED\n/);
  for (const part of ['authenticated: the hash that you gave', 'Acme signed, Globex signed', '3 of 4 validators', 'BFT', 'succeeded, gas used 21002', 'created contract 0xcccc']) expect(out).toContain(part);
});

it('0 without a genesis hash, and says that genesis is not authenticated', () => {
  const { code, out } = run(paths.genesis, paths.receipt);
  expect(code).toBe(0);
  expect(out).toContain('genesis not authenticated');
});

it('1: refused, and why; as JSON too', () => {
  const { code, out } = run(paths.genesis, paths.tampered);
  expect([code, out.split('\n')[0]]).toEqual([1, 'REFUSED (resultNotIncluded)']);
  const json = run(paths.genesis, paths.tampered, '--json');
  expect([json.code, JSON.parse(json.out)]).toEqual([1, expect.objectContaining({ ok: false, code: 'resultNotIncluded' })]);
  expect(run(paths.genesis, paths.receipt, '--genesis-hash', `0x${'00'.repeat(32)}`).out).toContain('genesisHashMismatch');
});

it('--json is one line, big numbers as texts', () => {
  const { code, out } = run(paths.genesis, paths.receipt, '--json');
  expect([code, out.includes('\n'), JSON.parse(out)]).toEqual([0, false, expect.objectContaining({ ok: true, height: '7', gasUsed: '21002' })]);
});

it('keeps the head that it accepted, and refuses what conflicts with it', () => {
  expect(run(paths.genesis, paths.receipt, '--trusted-head', paths.head).code).toBe(0);
  const kept = JSON.parse(readFileSync(paths.head, 'utf8')) as Record<string, unknown>;
  expect(kept).toMatchObject({ height: '7' });
  expect(run(paths.genesis, paths.receipt, '--trusted-head', paths.head).out).not.toContain('no trusted head');
  writeFileSync(paths.head, JSON.stringify({ ...kept, blockHash: `0x${'00'.repeat(32)}` }));
  expect(run(paths.genesis, paths.receipt, '--trusted-head', paths.head)).toMatchObject({ code: 1, out: expect.stringContaining('two histories') as string });
});

it('1: a genesis that a founder did not sign, unless one says so', () => {
  const unsigned = join(folder, 'unsigned.json');
  writeFileSync(unsigned, JSON.stringify({ ...(JSON.parse(readFileSync(paths.genesis, 'utf8')) as object), founders: [] }));
  expect(run(unsigned, paths.receipt, '--genesis-hash', genesisHash)).toMatchObject({ code: 1, out: expect.stringContaining('foundersDidNotSign') as string });
  expect(run(unsigned, paths.receipt, '--unsigned')).toMatchObject({ code: 0, out: expect.stringContaining('DID NOT SIGN') as string });
});

it('2, after the verdict, where the trusted head cannot be kept', () => {
  const { code, out, err } = run(paths.genesis, paths.receipt, '--trusted-head', join(folder, 'nowhere', 'head.json'));
  expect([code, out.split('\n')[0]]).toEqual([2, 'VERIFIED']);
  expect(err).toContain('the verdict stands');
});

it.each([
  ['no files', []],
  ['one file', ['genesis']],
  ['three files', ['genesis', 'receipt', 'receipt']],
  ['an unknown option', ['genesis', 'receipt', '--fast']],
  ['a short hash', ['genesis', 'receipt', '--genesis-hash', '0x12']],
  ['a missing file', ['genesis', '/nowhere/receipt.json']],
])('2: %s', (_name, argv) => {
  const { code, out, err } = run(...argv.map((arg) => (arg === 'genesis' || arg === 'receipt' ? paths[arg] : arg)));
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain('npm run verify');
});
