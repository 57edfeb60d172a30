import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 bits in base64url: nobody guesses it. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** As the database keeps a secret of 256 bits: no salt and no slowness needed, there is nothing to guess. */
export function hashOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** In constant time, whatever the lengths: the duration tells nothing about the secret. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** A password for a person to type: 20 characters without those that look alike, 99 bits. */
export function newPassword(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  const characters: string[] = [];
  while (characters.length < 20) {
    // Bytes past the last whole multiple would favour the first letters.
    for (const byte of randomBytes(32))
      if (byte < letters.length * 8 && characters.length < 20) characters.push(letters[byte % letters.length]!);
  }
  return characters.join('').replace(/(.{5})(?=.)/g, '$1-');
}
