/** Tokens like those of an identity provider, for trying things out. The service itself only ever verifies tokens. */
import { SignJWT } from 'jose';
import type { Config } from '../config.ts';
import type { Role } from '../contract/nouns.ts';

export type Person = { sub: string; role: Role; name?: string | undefined; picture?: string | undefined };

export type Signer = (person: Person, minutes: number) => Promise<string>;

/** now: milliseconds since the epoch. Issuer and audience are what this configuration checks, if it does. */
export const tokenSigner = (
  secret: string,
  { JWT_ISSUER, JWT_AUDIENCE }: Pick<Config, 'JWT_ISSUER' | 'JWT_AUDIENCE'>,
  now: () => number,
): Signer => {
  const key = new TextEncoder().encode(secret);
  return ({ sub, role, name, picture }, minutes) => {
    const issued_s = Math.floor(now() / 1000);
    const token = new SignJWT({
      role,
      ...(name === undefined ? {} : { name }),
      ...(picture === undefined ? {} : { picture }),
    })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(sub)
      .setIssuedAt(issued_s)
      .setExpirationTime(issued_s + minutes * 60);
    if (JWT_ISSUER !== undefined) token.setIssuer(JWT_ISSUER);
    if (JWT_AUDIENCE !== undefined) token.setAudience(JWT_AUDIENCE);
    return token.sign(key);
  };
};
