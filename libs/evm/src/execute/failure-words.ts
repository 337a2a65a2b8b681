/** What Geth says (core/vm/errors.go) where the EVM library says it otherwise: tools show these words, and some look for them. */
const GETH_WORDS: ReadonlyMap<string, string> = new Map([
  ['revert', 'execution reverted'],
  ['static state change', 'write protection'],
  ['create collision', 'contract address collision'],
  ['code store out of gas', 'contract creation code storage out of gas'],
  ['code size to deposit exceeds maximum code size', 'max code size exceeded'],
  ['initcode exceeds max initcode size', 'max initcode size exceeded'],
  ['invalid bytecode deployed', 'invalid code: must not begin with 0xef'],
  ['insufficient balance', 'insufficient balance for transfer'],
]);

/** Why a frame failed, in Geth's words where it has any. */
export function failureWords(error: string): string {
  // The library adds where its interpreter stood.
  if (error.startsWith('invalid JUMP')) return 'invalid jump destination';
  return GETH_WORDS.get(error) ?? error;
}
