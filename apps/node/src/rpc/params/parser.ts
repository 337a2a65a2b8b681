import { invalidParams } from '../errors.js';

/** Reads one JSON value; `where` names it in errors. @throws RpcError -32602 that says what is wrong. */
export type Read<T> = (value: unknown, where: string) => T;

/** One positional parameter of a method. */
export interface Param<T> {
  name: string;
  read: Read<T>;
  /** What stands when the caller gives nothing or null; absent for a parameter that must be given. */
  fallback?: { value: T };
}

export function required<T>(name: string, read: Read<T>): Param<T> {
  return { name, read };
}

export function optional<T>(name: string, read: Read<T>, value: T): Param<T> {
  return { name, read, fallback: { value } };
}

export type ParamList<A extends readonly unknown[]> = { readonly [K in keyof A]: Param<A[K]> };

/** Reads a method's positional parameters; more than it has are refused, as Geth does. */
export function readParams<A extends readonly unknown[]>(params: ParamList<A>, given: unknown): A {
  if (given !== undefined && given !== null && !Array.isArray(given)) throw invalidParams('non-array args: params must be a list');
  const values: readonly unknown[] = given ?? [];
  if (values.length > params.length) throw invalidParams(`too many arguments, want at most ${params.length}`);
  const list: readonly Param<unknown>[] = params;
  return list.map((param, index) => readOne(param, values[index], index)) as unknown as A;
}

function readOne(param: Param<unknown>, value: unknown, index: number): unknown {
  if (value !== undefined && value !== null) return param.read(value, `argument ${index} (${param.name})`);
  if (param.fallback === undefined) throw invalidParams(`missing value for required argument ${index} (${param.name})`);
  return param.fallback.value;
}

/** `invalid argument …: what`, in the form that Geth's clients have seen. */
export function wrong(where: string, what: string): Error {
  return invalidParams(`invalid ${where}: ${what}`);
}

/** An object's fields; lists and scalars are refused. */
export function fieldsOf(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(where, `must be an object, is ${kindOf(value)}`);
  return value as Record<string, unknown>;
}

/** A field that may be missing: null and undefined mean the same. */
export function field<T>(fields: Record<string, unknown>, name: string, where: string, read: Read<T>): T | undefined {
  const value = fields[name];
  return value === undefined || value === null ? undefined : read(value, `${where}.${name}`);
}

export function listOf<T>(read: Read<T>, maxItems: number): Read<T[]> {
  return (value, where) => {
    if (!Array.isArray(value)) throw wrong(where, `must be a list, is ${kindOf(value)}`);
    if (value.length > maxItems) throw wrong(where, `has ${value.length} items, at most ${maxItems} may be`);
    return value.map((item: unknown, index) => read(item, `${where}[${index}]`));
  };
}

export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
