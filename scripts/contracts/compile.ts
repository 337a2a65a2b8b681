import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The system contracts, in the order of their addresses, and what their names become in code. */
const CONTRACTS = [
  { name: 'Consortium', address: '0x00000000000000000000000000000000005e1e01', constant: 'CONSORTIUM' },
  { name: 'Permissions', address: '0x00000000000000000000000000000000005e1e02', constant: 'PERMISSIONS' },
] as const;
/** Native, so there is an interface and no code (docs/spec/records.md). */
const RECORDS = { name: 'IRecords', address: '0x00000000000000000000000000000000005e1e03', constant: 'RECORDS' } as const;
const SOURCES = ['Interfaces.sol', `${RECORDS.name}.sol`, ...CONTRACTS.map(({ name }) => `${name}.sol`)];

/** Nothing of the machine or of the sources' comments may get into the code: no metadata hash, a named EVM. */
const SETTINGS = {
  optimizer: { enabled: true, runs: 200 }, evmVersion: 'cancun', metadata: { bytecodeHash: 'none', appendCBOR: false },
  outputSelection: { '*': { '*': ['abi', 'evm.deployedBytecode.object', 'storageLayout'] } },
};

interface SolcContract {
  abi: Record<string, unknown>[];
  evm: { deployedBytecode: { object: string } };
  storageLayout: { storage: { label: string; slot: string; offset: number; type: string }[]; types: Record<string, { label: string; numberOfBytes: string; members?: { label: string; slot: string; offset: number; type: string }[] }> };
}
interface SolcOutput {
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<string, Record<string, SolcContract>>;
}

/**
 * Compiles `contracts/*.sol` and answers every file that is made of them, by its path: artifacts, the code as `libs/evm` has it, the
 * ABIs as the SDK has them. The same sources and the same compiler give the same bytes anywhere.
 * @throws Error with the compiler's messages, warnings included.
 */
export function compileSystemContracts(root: string): Map<string, string> {
  const solc = require('solc') as { compile(input: string): string; version(): string };
  const sources = Object.fromEntries(SOURCES.map((file) => [file, { content: readFileSync(join(root, 'contracts', file), 'utf8') }]));
  const output = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources, settings: SETTINGS }))) as SolcOutput;
  if ((output.errors ?? []).length > 0) throw new Error((output.errors ?? []).map(({ formattedMessage }) => formattedMessage).join('\n'));
  const compiler = solc.version();
  const files = new Map<string, string>();
  const code: string[] = [];
  const abis: string[] = [];
  for (const { name, address, constant } of CONTRACTS) {
    const contract = output.contracts?.[`${name}.sol`]?.[name];
    if (contract === undefined) throw new Error(`the compiler gave no ${name}`);
    const { abi, evm, storageLayout } = contract;
    const runtime = evm.deployedBytecode.object;
    const storage = storageLayout.storage.map(({ label, slot, offset, type }) => ({ label, slot, offset, type: storageLayout.types[type]?.label ?? type }));
    const structs = Object.values(storageLayout.types).filter(({ members }) => members !== undefined).map(({ label, members }) => ({
      label, members: (members ?? []).map((member) => ({ label: member.label, slot: member.slot, offset: member.offset, type: storageLayout.types[member.type]?.label ?? member.type })),
    }));
    const artifact = { name, address, compiler, settings: SETTINGS, sha256: createHash('sha256').update(Buffer.from(runtime, 'hex')).digest('hex'), runtime: `0x${runtime}`, storage, structs, abi };
    files.set(`contracts/artifacts/${name}.json`, `${JSON.stringify(artifact, null, 2)}\n`);
    code.push(`export const ${constant}_CODE = '${runtime}';`);
    abis.push(...inTypeScript(constant, address, abi));
  }
  const records = output.contracts?.[`${RECORDS.name}.sol`]?.[RECORDS.name];
  if (records === undefined) throw new Error('the compiler gave no IRecords');
  abis.push(...inTypeScript(RECORDS.constant, RECORDS.address, records.abi));
  const note = '// Made by `npm run contracts` from contracts/*.sol: not to be edited.';
  files.set('libs/evm/src/system/code.ts', `${note}\n/** Runtime code in hex. */\n${code.join('\n')}\n`);
  files.set('libs/sdk/src/system/abi.ts', `${note}\n\n${abis.join('\n').trimEnd()}\n`);
  return files;
}

function inTypeScript(constant: string, address: string, abi: readonly Record<string, unknown>[]): string[] {
  return [`export const ${constant}_ADDRESS = '${address}';`, `export const ${constant}_ABI = [`, ...abi.map((entry) => `  ${JSON.stringify(entry)},`), '] as const;', ''];
}
