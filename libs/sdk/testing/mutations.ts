/** One changed copy of a JSON document, and where it was changed. */
export interface Mutation {
  where: string;
  value: unknown;
}

/**
 * Every copy of `value` with one thing changed: each character of each text (to another digit, and to upper case), each
 * number up and down, each flag and null, each item left out or doubled, each key left out, and one more key.
 */
export function* mutations(value: unknown, where = ''): Generator<Mutation> {
  if (typeof value === 'string') yield* textMutations(value, where);
  else if (typeof value === 'number') for (const changed of [value + 1, value - 1, value + 0.5, String(value), null]) yield { where, value: changed };
  else if (value === null) for (const changed of [`0x${'00'.repeat(20)}`, '', 0, false]) yield { where, value: changed };
  else if (Array.isArray(value)) yield* listMutations(value, where);
  else if (typeof value === 'object') yield* objectMutations(value as Record<string, unknown>, where);
}

function* textMutations(text: string, where: string): Generator<Mutation> {
  for (let at = 0; at < text.length; at++) {
    const was = text.charAt(at);
    const others = [/[0-9a-f]/.test(was) ? ((parseInt(was, 16) + 1) % 16).toString(16) : 'x0'.charAt(was === 'x' ? 1 : 0), was.toUpperCase(), ''];
    for (const other of others) if (other !== was) yield { where: `${where}[${at}]`, value: text.slice(0, at) + other + text.slice(at + 1) };
  }
  for (const changed of [`${text}0`, `${text}00`, ` ${text}`, '', null, 0, [text]]) yield { where, value: changed };
}

function* listMutations(list: readonly unknown[], where: string): Generator<Mutation> {
  for (const [at, item] of list.entries()) {
    yield { where: `${where}[${at}]`, value: list.filter((_, i) => i !== at) };
    yield { where: `${where}[${at}]`, value: [...list.slice(0, at), item, ...list.slice(at)] };
    for (const inner of mutations(item, `${where}[${at}]`)) yield { where: inner.where, value: list.map((other, i) => (i === at ? inner.value : other)) };
  }
  if (list.length > 1) yield { where, value: [...list].reverse() };
  for (const changed of [[...list, `0x${'00'.repeat(32)}`], null, {}]) yield { where, value: changed };
}

function* objectMutations(object: Record<string, unknown>, where: string): Generator<Mutation> {
  for (const key of Object.keys(object)) {
    yield { where: `${where}.${key}`, value: Object.fromEntries(Object.entries(object).filter(([other]) => other !== key)) };
    for (const inner of mutations(object[key], `${where}.${key}`)) yield { where: inner.where, value: { ...object, [key]: inner.value } };
  }
  yield { where, value: { ...object, more: 1 } };
  for (const changed of [null, [], 'text']) yield { where, value: changed };
}
