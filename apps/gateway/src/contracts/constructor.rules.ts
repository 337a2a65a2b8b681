import { encodeDeployData, type Abi, type Hex } from 'viem';
import { CodedError } from '#contracts';

interface AbiParameter {
  type: string;
  name?: string;
  components?: AbiParameter[];
}

class Misfit extends Error {}

function itemsOf(value: unknown, type: string, where: string): unknown[] {
  if (!Array.isArray(value)) throw new Misfit(`${where} must be a list for ${type}`);
  return value;
}

/** A JSON value as viem takes it: integers as bigints, tuples in their order. */
function valueOf(parameter: AbiParameter, value: unknown, where: string): unknown {
  const { type, components = [] } = parameter;
  const array = /^(.*)\[\d*\]$/.exec(type);
  if (array !== null) return itemsOf(value, type, where).map((item, index) => valueOf({ ...parameter, type: array[1] as string }, item, `${where}[${index}]`));
  if (type === 'tuple') {
    const fields = Array.isArray(value) ? (value as unknown[]) : components.map(({ name = '' }) => (value as Record<string, unknown> | null)?.[name]);
    if (fields.length !== components.length) throw new Misfit(`${where} must have ${components.length} fields`);
    const read = components.map((component, index) => valueOf(component, fields[index], `${where}.${component.name ?? index}`));
    // viem reads a tuple whose fields have names by these, and any other by place.
    return components.every(({ name }) => name !== undefined && name !== '') ? Object.fromEntries(components.map(({ name }, index) => [name, read[index]])) : read;
  }
  if (/^u?int\d*$/.test(type)) {
    const isWhole = typeof value === 'number' ? Number.isSafeInteger(value) : typeof value === 'string' && /^(?:-?\d+|0x[0-9a-fA-F]+)$/.test(value);
    if (!isWhole) throw new Misfit(`${where} must be a whole number for ${type}, in a string where it is beyond 2^53`);
    return BigInt(value as string | number);
  }
  if (type === 'bool' ? typeof value !== 'boolean' : typeof value !== 'string') throw new Misfit(`${where} must be ${type === 'bool' ? 'true or false' : `a string for ${type}`}`);
  return value;
}

/**
 * Bytecode with encoded constructor arguments after it.
 * @throws CodedError `constructor_arguments_invalid` that names the argument
 */
export function creationData(abi: readonly Record<string, unknown>[], bytecode: string, args: readonly unknown[]): Hex {
  const constructor = abi.find(({ type }) => type === 'constructor') as { inputs?: AbiParameter[] } | undefined;
  const inputs = constructor?.inputs ?? [];
  if (inputs.length !== args.length) {
    const wanted = inputs.map(({ type, name }) => `${type} ${name ?? ''}`.trim()).join(', ');
    throw new CodedError('constructor_arguments_invalid', `The constructor takes ${inputs.length} arguments${wanted === '' ? '' : ` (${wanted})`}, ${args.length} were given in constructorArguments.`);
  }
  try {
    const values = inputs.map((input, index) => valueOf(input, args[index], `constructorArguments[${index}]`));
    const data = encodeDeployData({ abi: abi as unknown as Abi, bytecode: bytecode as Hex, args: values });
    return data.toLowerCase() as Hex;
  } catch (error) {
    const reason = error instanceof Misfit ? error.message : error instanceof Error ? (error.message.split('\n')[0] ?? '') : '';
    throw new CodedError('constructor_arguments_invalid', reason, { cause: error });
  }
}
