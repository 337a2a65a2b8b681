import { LoginThrottle } from './login-throttle.js';

const limits = { perAccount: 3, perAddress: 5, windowMs: 1_000, maxEntries: 100 };

describe('the login throttle', () => {
  it('stops guesses at one account from anywhere, until the window ends', () => {
    const throttle = new LoginThrottle(limits);
    for (let i = 0; i < 3; i++) expect(throttle.attempt('a', `10.0.0.${i}`, 0)).toBe(0);
    expect(throttle.attempt('a', '10.0.0.9', 200)).toBe(1);
    expect(throttle.attempt('b', '10.0.0.9', 200)).toBe(0);
    expect(throttle.attempt('a', '10.0.0.9', 1_000)).toBe(0);
  });

  it('stops one address that tries many accounts', () => {
    const throttle = new LoginThrottle(limits);
    for (let i = 0; i < 5; i++) expect(throttle.attempt(`a${i}`, 'x', 0)).toBe(0);
    expect(throttle.attempt('a9', 'x', 0)).toBe(1);
  });

  it('a right password frees the account and counts not against its address', () => {
    const throttle = new LoginThrottle(limits);
    for (let i = 0; i < 50; i++) {
      expect(throttle.attempt('a', 'x', 0)).toBe(0);
      throttle.succeeded('a', 'x');
    }
  });

  it('forgets the oldest rather than grow', () => {
    const throttle = new LoginThrottle({ ...limits, perAccount: 1, maxEntries: 4 });
    throttle.attempt('first', 'x', 0);
    for (let i = 0; i < 4; i++) throttle.attempt(`a${i}`, `y${i}`, 0);
    expect(throttle.attempt('first', 'z', 0)).toBe(0);
  });
});
