import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { verifyReceipt, verifyState, type RefusedReceipt, type TrustedHead, type VerifiedDocument, type VerifiedReceipt, type VerifiedState } from '#sdk';

const USAGE = `npm run verify -- genesis.json receipt.json [--genesis-hash 0x…] [--trusted-head FILE] [--json]
  Verifies a receipt (stele_getReceipt) or a proof of state (stele_getProof) offline: no network, no account, no trust in who handed it out.
  --genesis-hash  the hash that a founder told you; without it the genesis file itself is not authenticated
  --trusted-head  where the newest block that you have accepted is kept: a receipt of another history is refused; read if it is
                  there, updated on success
  --unsigned      accept a genesis that not all founders have signed
  --json          one line of JSON instead of text
  Exit code: 0 verified, 1 refused, 2 wrong usage`;

/** Where text goes; `console` is one. */
interface Output {
  log(text: string): void;
  error(text: string): void;
}

/** Wrong arguments or an unreadable file: exit code 2, so that a script never takes it for a refused receipt. */
class UsageError extends Error {}

interface Arguments {
  genesisPath: string;
  receiptPath: string;
  genesisHash: string | undefined;
  headPath: string | undefined;
  unsigned: boolean;
  json: boolean;
}

function argumentsOf(argv: readonly string[]): Arguments | 'help' {
  const parsed = parse(argv);
  if (parsed.values.help === true) return 'help';
  const [genesisPath, receiptPath, ...more] = parsed.positionals;
  if (genesisPath === undefined || receiptPath === undefined || more.length > 0) throw new UsageError('name a genesis file and a receipt file');
  const genesisHash = parsed.values['genesis-hash'];
  if (genesisHash !== undefined && !/^0x[0-9a-fA-F]{64}$/.test(genesisHash)) throw new UsageError('--genesis-hash takes 0x and 64 hex digits');
  return { genesisPath, receiptPath, genesisHash, headPath: parsed.values['trusted-head'], unsigned: parsed.values.unsigned === true, json: parsed.values.json === true };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { 'genesis-hash': { type: 'string' }, 'trusted-head': { type: 'string' }, unsigned: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readJson(path: string): unknown {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    // What JSON-RPC answers may be saved as it came.
    return value !== null && typeof value === 'object' && 'jsonrpc' in value && 'result' in value ? value.result : value;
  } catch (error) {
    throw new UsageError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Written beside and renamed: a head that was half written would be lost. */
function keepHead(path: string, head: TrustedHead): void {
  try {
    writeFileSync(`${path}.new`, `${JSON.stringify(head, null, 2)}\n`);
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new UsageError(`the verdict stands, but the trusted head could not be kept at ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function describe(result: VerifiedReceipt | VerifiedState): string {
  const { certificate } = result;
  const rows: [string, string][] = [
    ['chain', `${result.genesisHash}${result.genesisAuthenticated ? ' (authenticated: the hash that you gave)' : ' (NOT authenticated)'}`],
    ['founders', result.founders.map((founder) => `${founder.name} ${founder.signed ? 'signed' : 'DID NOT SIGN'}`).join(', ')],
    ['block', `${result.height} ${result.blockHash}, ${new Date(Number(result.timeMs)).toISOString()}`],
    ['certificate', `${certificate.signers.length} of ${certificate.validators} validators, power ${certificate.power} of ${certificate.totalPower}, every signature checked`],
    ['fault model', result.faultModel === 'BFT' ? 'BFT: holds unless validators with more than a third of the power lie' : 'CFT: holds only as long as no validator lies'],
    ...('address' in result ? stateRows(result) : transactionRows(result)),
  ];
  const lines = ['VERIFIED', ...rows.map(([name, value]) => `  ${name.padEnd(12)} ${value}`)];
  return [...lines, ...result.warnings.map((warning) => `  warning      ${warning.message}`)].join('\n');
}

function transactionRows(result: VerifiedReceipt): [string, string][] {
  return [
    ['transaction', `${result.transactionHash}, number ${result.transactionIndex} of its block`],
    ['result', `${result.status === 1 ? 'succeeded' : 'REVERTED'}, gas used ${result.gasUsed}, ${result.logCount} logs${result.contractAddress === null ? '' : `, created contract ${result.contractAddress}`}`],
  ];
}

function stateRows({ address, account, storage }: VerifiedState): [string, string][] {
  const held = account === null ? 'does not exist after this block' : `nonce ${account.nonce}, balance ${account.balance} wei, code ${account.codeHash}`;
  return [['account', `${address}: ${held}`], ...storage.map(({ slot, value }): [string, string] => ['slot', `${slot} holds ${value}`])];
}

/** A document says what it is; whatever is neither is refused as a receipt. */
function verifyDocument(genesisFile: unknown, document: unknown, options: Parameters<typeof verifyReceipt>[2]): (VerifiedDocument & (VerifiedReceipt | VerifiedState)) | RefusedReceipt {
  const isState = document !== null && typeof document === 'object' && 'format' in document && document.format === 'stele-state';
  return isState ? verifyState(genesisFile, document, options) : verifyReceipt(genesisFile, document, options);
}

function print(result: VerifiedReceipt | VerifiedState | RefusedReceipt, json: boolean, say: Output): void {
  if (json) say.log(JSON.stringify(result, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)));
  else say.log(result.ok ? describe(result) : `REFUSED (${result.code})\n  ${result.message}`);
}

/** Runs the command and returns its exit code: 0 verified, 1 refused, 2 wrong usage. */
export function verifyCommand(argv: readonly string[], say: Output): number {
  try {
    const args = argumentsOf(argv);
    if (args === 'help') {
      say.log(USAGE);
      return 0;
    }
    const { genesisHash, headPath } = args;
    const trustedHead = headPath !== undefined && existsSync(headPath) ? (readJson(headPath) as TrustedHead) : undefined;
    const result = verifyDocument(readJson(args.genesisPath), readJson(args.receiptPath), {
      ...(genesisHash === undefined ? {} : { genesisHash }),
      ...(trustedHead === undefined ? {} : { trustedHead }),
    });
    const missing = result.ok && !args.unsigned ? result.founders.filter((founder) => !founder.signed) : [];
    if (missing.length > 0) {
      const message = `the document fits this genesis, but not all founders have signed it: ${missing.map(({ name }) => name).join(', ')} did not. Ask for the signed file, or pass --unsigned if you know why.`;
      say.log(args.json ? JSON.stringify({ ok: false, code: 'foundersDidNotSign', message }) : `REFUSED (foundersDidNotSign)\n  ${message}`);
      return 1;
    }
    print(result, args.json, say);
    if (result.ok && headPath !== undefined) keepHead(headPath, result.trustedHead);
    return result.ok ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    say.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
}
