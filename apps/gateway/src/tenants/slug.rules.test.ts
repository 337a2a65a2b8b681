import { distinctSlug, slugOf } from './slug.rules.js';

describe('slugs', () => {
  it.each([
    ['Aster Freight Co.', 'aster-freight-co'],
    ['Äpfel & Söhne', 'apfel-sohne'],
    ['株式会社', 'tenant'],
    [`${'a'.repeat(39)} b`, 'a'.repeat(39)],
  ])('%s → %s', (name, slug) => {
    expect(slugOf(name)).toBe(slug);
    expect(slug).toMatch(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/);
  });

  it('stay within 40 characters when made distinct', () => {
    expect(distinctSlug('a'.repeat(40), 'f00baa')).toBe(`${'a'.repeat(33)}-f00baa`);
  });
});
