import { CodedError, sourceTexts, type CompileRequest, type FieldError } from '#contracts';

/** What a compilation is asked for; the compiler's own settings stand for the rest. */
export const OUTPUTS = ['abi', 'metadata', 'evm.bytecode.object', 'evm.bytecode.linkReferences', 'evm.deployedBytecode.object', 'evm.deployedBytecode.linkReferences', 'evm.deployedBytecode.immutableReferences'];

/** Positions in code, in bytes. */
export interface Range {
  start: number;
  length: number;
}

export interface CompiledContract {
  /** `path:Name`. */
  name: string;
  /** E.g. `0.8.37+commit.….Emscripten.clang`. */
  compiler: string;
  abi: Record<string, unknown>[];
  creationCode: string;
  /** Without constructor arguments; 0x hex. Zeros where immutables and libraries will stand. */
  runtimeCode: string;
  /** Places in the runtime code that are filled in when it is deployed or linked. */
  holes: Range[];
  warnings: string[];
}

interface Bytecode {
  object: string;
  linkReferences?: Record<string, Record<string, Range[]>>;
  immutableReferences?: Record<string, Range[]>;
}

interface SolcError {
  severity: string;
  message: string;
  formattedMessage?: string;
  sourceLocation?: { file: string; start: number; end: number };
}

export interface SolcOutput {
  errors?: SolcError[];
  contracts?: Record<string, Record<string, { abi: Record<string, unknown>[]; evm: { bytecode: Bytecode; deployedBytecode: Bytecode } }>>;
}

/** Standard JSON of a request; what is asked for as output is ours, whatever the request says. */
export function standardJsonOf(request: CompileRequest): string {
  const { outputSelection: _theirs, modelChecker: _slow, ...settings } = request.settings ?? {};
  return JSON.stringify({ language: 'Solidity', sources: sourceTexts(request), settings: { ...settings, outputSelection: { '*': { '*': OUTPUTS } } } });
}

/** Line and column, from 1, of a byte offset in a source. */
function placeOf(content: string, offset: number): string {
  const before = Buffer.from(content, 'utf8').subarray(0, offset).toString('utf8').split('\n');
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

function fieldErrorOf(error: SolcError, request: CompileRequest): FieldError {
  const { sourceLocation } = error;
  if (sourceLocation === undefined) return { path: 'sources', message: error.message };
  const content = sourceTexts(request)[sourceLocation.file]?.content;
  const place = content === undefined || sourceLocation.start < 0 ? '' : `:${placeOf(content, sourceLocation.start)}`;
  return { path: `${sourceLocation.file}${place}`, message: error.message };
}

const MAX_ERRORS = 50;

/**
 * The one contract that is meant.
 * @throws CodedError `compilation_failed` with the compiler's errors, each at `file:line:column`; or where it is not clear which
 *   contract is meant, or the one that is has no code or needs a library
 */
export function compiledContractOf(output: SolcOutput, compiler: string, request: CompileRequest): CompiledContract {
  const errors = (output.errors ?? []).filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    const detail = errors.map(({ formattedMessage, message }) => formattedMessage ?? message).join('\n').slice(0, 8_000);
    throw new CodedError('compilation_failed', detail, { errors: errors.slice(0, MAX_ERRORS).map((error) => fieldErrorOf(error, request)) });
  }
  const all = Object.entries(output.contracts ?? {}).flatMap(([file, contracts]) => Object.entries(contracts).map(([name, contract]) => ({ file, name, contract })));
  const own = all.filter(({ file, contract }) => request.sources[file] !== undefined && contract.evm.bytecode.object !== '');
  const found = request.contract === undefined ? own : all.filter(({ file, name }) => request.contract === name || request.contract === `${file}:${name}`);
  const [one] = found;
  if (one === undefined || found.length > 1) {
    const names = own.map(({ file, name }) => `${file}:${name}`).join(', ');
    const fault = request.contract === undefined ? 'Which contract is meant? Name it in `contract`.' : `\`contract\` names ${found.length === 0 ? 'none' : 'more than one'} of the contracts.`;
    throw new CodedError('compilation_failed', `${fault} There are: ${names === '' ? 'none that can be deployed' : names}.`);
  }
  const { bytecode, deployedBytecode } = one.contract.evm;
  if (bytecode.object === '') throw new CodedError('compilation_failed', `${one.name} is abstract or an interface: it has no code to deploy.`);
  const missing = Object.entries(bytecode.linkReferences ?? {}).flatMap(([file, names]) => Object.keys(names).map((name) => `${file}:${name}`));
  if (missing.length > 0) throw new CodedError('compilation_failed', `${one.name} needs the addresses of libraries in settings.libraries: ${missing.join(', ')}.`);
  return {
    name: `${one.file}:${one.name}`,
    compiler,
    abi: one.contract.abi,
    creationCode: `0x${bytecode.object}`,
    runtimeCode: `0x${deployedBytecode.object.replace(/__\$[0-9a-f]{34}\$__/g, '0'.repeat(40))}`,
    holes: [
      ...Object.values(deployedBytecode.immutableReferences ?? {}).flat(),
      ...Object.values(deployedBytecode.linkReferences ?? {}).flatMap((names) => Object.values(names).flat()),
    ],
    warnings: (output.errors ?? []).filter(({ severity }) => severity !== 'error').slice(0, MAX_ERRORS).map(({ formattedMessage, message }) => formattedMessage ?? message),
  };
}
