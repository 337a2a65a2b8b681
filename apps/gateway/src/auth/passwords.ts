import { hash, verify } from '@node-rs/argon2';

/** OWASP's second argon2id setting: 19 MiB, two passes. @node-rs/argon2 hashes with argon2id unless told otherwise. */
const OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** A hash of no one's password: comparing with it takes as long as with a real one, so absence cannot be timed. */
let decoy: Promise<string> | undefined;

export function hashPassword(password: string): Promise<string> {
  return hash(password, OPTIONS);
}

/** Whether the password matches; with a null hash (no such user) it works as long and answers false. */
export async function checkPassword(stored: string | null, password: string): Promise<boolean> {
  decoy ??= hash('no one has this password', OPTIONS);
  const matches = await verify(stored ?? (await decoy), password);
  return stored !== null && matches;
}
