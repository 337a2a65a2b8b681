const MAX_SLUG = 40;

/** A slug out of an organization's name: `Äster Freight Co.` → `aster-freight-co`; `tenant` where nothing is left. */
export function slugOf(name: string): string {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const slug = plain.replace(/[^a-z0-9]+/g, '-').slice(0, MAX_SLUG).replace(/^-+|-+$/g, '');
  return slug === '' ? 'tenant' : slug;
}

/** The same slug with something random behind, for when the plain one is taken. */
export function distinctSlug(slug: string, random: string): string {
  return `${slug.slice(0, MAX_SLUG - random.length - 1).replace(/-+$/, '')}-${random}`;
}
