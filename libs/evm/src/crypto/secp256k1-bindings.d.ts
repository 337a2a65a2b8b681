/** The native half of secp256k1. The plain name falls back to JavaScript, thirty times slower, without a word. */
declare module 'secp256k1/bindings' {
  export { ecdsaRecover, ecdsaSign, publicKeyCreate } from 'secp256k1';
}
