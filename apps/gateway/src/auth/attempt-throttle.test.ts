import { AttemptThrottle } from './attempt-throttle.js';
import { addressGroup, loginLimits } from './attempts.rules.js';

const pair = (account: string, max = 3) => [{ key: account, max }];

describe('the throttle', () => {
  it('stops after so many attempts, until the window ends', () => {
    const throttle = new AttemptThrottle(1_000);
    for (let i = 0; i < 3; i++) expect(throttle.attempt(pair('a'), 0)).toBe(0);
    expect(throttle.attempt(pair('a'), 200)).toBe(1);
    expect(throttle.attempt(pair('b'), 200)).toBe(0);
    expect(throttle.attempt(pair('a'), 1_000)).toBe(0);
  });

  it('counts under no key what any key stops', () => {
    const throttle = new AttemptThrottle(1_000);
    throttle.attempt(pair('a', 1), 0);
    for (let i = 0; i < 5; i++) expect(throttle.attempt([...pair('a', 1), ...pair('b', 1)], 0)).toBe(1);
    expect(throttle.attempt(pair('b', 1), 0)).toBe(0);
  });

  it('gives back what was no guess', () => {
    const throttle = new AttemptThrottle(1_000);
    for (let i = 0; i < 50; i++) {
      expect(throttle.attempt(pair('a'), 0)).toBe(0);
      throttle.forgive(pair('a'));
    }
  });

  it('forgets the oldest rather than grow', () => {
    const throttle = new AttemptThrottle(1_000, 4);
    throttle.attempt(pair('first', 1), 0);
    for (let i = 0; i < 4; i++) throttle.attempt(pair(`a${i}`, 1), 0);
    expect(throttle.attempt(pair('first', 1), 0)).toBe(0);
  });
});

describe('log-in limits', () => {
  it('hold a guesser from one place sooner than the person from another', () => {
    const throttle = new AttemptThrottle();
    let guesses = 0;
    while (throttle.attempt(loginLimits('a@x', '10.0.0.1'), 0) === 0) guesses += 1;
    expect(guesses).toBe(8);
    expect(throttle.attempt(loginLimits('a@x', '10.0.0.2'), 0)).toBe(0);
  });

  it('hold one place that tries many accounts, and many places that try one', () => {
    const spray = new AttemptThrottle();
    let tried = 0;
    while (spray.attempt(loginLimits(`a${tried}@x`, '10.0.0.1'), 0) === 0) tried += 1;
    expect(tried).toBe(40);
    const crowd = new AttemptThrottle();
    tried = 0;
    while (crowd.attempt(loginLimits('a@x', `10.0.${tried}.1`), 0) === 0) tried += 1;
    expect(tried).toBe(60);
  });

  it.each([
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0DB8:0001:2::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('%s counts as %s', (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });
});
