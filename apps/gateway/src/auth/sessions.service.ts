import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { CodedError, type SessionView } from '#contracts';
import { RefreshTokens, revokeRefreshToken, rotateRefreshToken, withUser } from '#persistence';
import { DATABASE } from '../database.js';
import { ACCESS_TOKEN_SECONDS, AccessTokens } from './access-tokens.js';

const REFRESH_DAYS = 30;

/** 256 random bits; only its hash is stored. */
function mintRefreshToken(): { token: string; hash: string; expiresAt: Date } {
  const token = `stlr_${randomBytes(32).toString('base64url')}`;
  return { token, hash: hashRefreshToken(token), expiresAt: new Date(Date.now() + REFRESH_DAYS * 86_400_000) };
}

function hashRefreshToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Sessions: a short access token, and a refresh token that works once. */
@Injectable()
export class Sessions {
  constructor(
    @Inject(DATABASE) private readonly dataSource: DataSource,
    private readonly accessTokens: AccessTokens,
  ) {}

  async start(userId: string): Promise<SessionView> {
    const next = mintRefreshToken();
    await withUser(this.dataSource, userId, (manager) => new RefreshTokens(manager).issue({ userId, hash: next.hash, expiresAt: next.expiresAt }));
    return this.view(userId, next);
  }

  /** @throws CodedError `refresh_token_invalid`, or `refresh_token_reused` after which the whole session is revoked */
  async refresh(token: string): Promise<SessionView> {
    const next = mintRefreshToken();
    const rotation = await rotateRefreshToken(this.dataSource, { hash: hashRefreshToken(token), nextHash: next.hash, nextExpiresAt: next.expiresAt });
    if (rotation.kind === 'reused') throw new CodedError('refresh_token_reused');
    if (rotation.kind !== 'rotated') throw new CodedError('refresh_token_invalid');
    return this.view(rotation.userId, next);
  }

  /** Ends the session of that refresh token; what is unknown is already over. */
  async end(token: string): Promise<void> {
    await revokeRefreshToken(this.dataSource, hashRefreshToken(token));
  }

  private async view(userId: string, next: { token: string; expiresAt: Date }): Promise<SessionView> {
    return {
      tokenType: 'Bearer',
      accessToken: await this.accessTokens.issue(userId),
      expiresInSeconds: ACCESS_TOKEN_SECONDS,
      refreshToken: next.token,
      refreshExpiresAt: next.expiresAt.toISOString(),
    };
  }
}
