import { keyPairOf, sign, utf8, verify, type Verify } from '#ledger';
import { verifyOnce } from './verify-once.js';

const [own, other] = [keyPairOf(new Uint8Array(32).fill(1)), keyPairOf(new Uint8Array(32).fill(2))];
const message = utf8('a vote');

it('asks once for what holds, and each time for what does not', () => {
  let asked = 0;
  const counting: Verify = (...all) => {
    asked += 1;
    return verify(...all);
  };
  const once = verifyOnce(counting);
  const signature = sign(own.privateKey, message);
  expect([once(own.publicKey, message, signature), once(own.publicKey.slice(), message.slice(), signature), asked]).toEqual([true, true, 1]);
  expect([once(other.publicKey, message, signature), once(own.publicKey, utf8('another'), signature), asked]).toEqual([false, false, 3]);
  expect([once(other.publicKey, message, signature), asked]).toEqual([false, 4]);
  // Equal bytes in another array are another signature.
  expect([once(own.publicKey, message, signature.slice()), asked]).toEqual([true, 5]);
  expect(once(own.publicKey, message, signature.map((byte, i) => (i === 5 ? byte ^ 1 : byte)))).toBe(false);
});
