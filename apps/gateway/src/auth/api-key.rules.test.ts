import { newId } from '#contracts';
import { apiKeyPrefixOf, hashApiKey, mintApiKey, sameHash } from './api-key.rules.js';

const name = (): string => newId('apiKey').slice('key_'.length);

describe('API keys', () => {
  it('hold 256 random bits, their name and a checksum', () => {
    const minted = mintApiKey(name());
    expect(minted.key).toMatch(/^stele_[0-9a-z]{26}_[A-Za-z0-9_-]{43}_[0-9a-f]{8}$/);
    expect(apiKeyPrefixOf(minted.key)).toBe(minted.prefix);
    expect(minted.key.startsWith(minted.prefix)).toBe(true);
    expect(sameHash(minted.hash, hashApiKey(minted.key))).toBe(true);
  });

  it('never repeat', () => {
    const one = name();
    expect(mintApiKey(one).key).not.toBe(mintApiKey(one).key);
  });

  it.each([0, 10, 40, 70, 80])('with a wrong character at %i are dropped without a lookup', (at) => {
    const { key } = mintApiKey(name());
    const wrong = key.slice(0, at) + (key[at] === 'x' ? 'y' : 'x') + key.slice(at + 1);
    expect(apiKeyPrefixOf(wrong)).toBeNull();
  });

  it('compare by hash only where both are hashes', () => {
    expect(sameHash('', '')).toBe(false);
    expect(sameHash(hashApiKey('a'), hashApiKey('b'))).toBe(false);
  });
});
