import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { CodedError } from '#contracts';

export const ACCESS_TOKEN_SECONDS = 600;
export const TOKEN_ISSUER = 'stele';
export const TOKEN_AUDIENCE = 'stele-gateway';
export const TOKEN_ALGORITHM = 'HS256' as const;

/** Injection token of the HMAC key. */
export const TOKEN_KEY = Symbol('TokenKey');
export type TokenKey = KeyObject;

export interface AccessTokenPayload {
  /** The user. */
  sub: string;
  /** Unix seconds. */
  exp: number;
}

/** Short access tokens: they name the user, nothing more; what the user may do is read on each request. */
@Injectable()
export class AccessTokens {
  constructor(private readonly jwt: JwtService) {}

  issue(userId: string): Promise<string> {
    return this.jwt.signAsync({}, { subject: userId, expiresIn: ACCESS_TOKEN_SECONDS, issuer: TOKEN_ISSUER, audience: TOKEN_AUDIENCE, algorithm: TOKEN_ALGORITHM });
  }

  /** @throws CodedError `token_expired` or `unauthenticated` */
  async verify(token: string): Promise<AccessTokenPayload> {
    try {
      return await this.jwt.verifyAsync<AccessTokenPayload>(token, { issuer: TOKEN_ISSUER, audience: TOKEN_AUDIENCE, algorithms: [TOKEN_ALGORITHM] });
    } catch (error) {
      throw tokenError(error);
    }
  }
}

/** The coded error for what jsonwebtoken threw. */
export function tokenError(error: unknown): CodedError {
  const name = error instanceof Error ? error.name : '';
  return name === 'TokenExpiredError' ? new CodedError('token_expired') : new CodedError('unauthenticated', 'the access token is not valid');
}
