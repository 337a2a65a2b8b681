import { Inject, Injectable } from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-local';
import type { DataSource } from 'typeorm';
import { CodedError, LoginRequestSchema } from '#contracts';
import { Users } from '#persistence';
import { DATABASE } from '../database.js';
import { validationError } from '../http/problem.rules.js';
import { AttemptThrottle } from './attempt-throttle.js';
import { loginLimits } from './attempts.rules.js';
import { checkPassword } from './passwords.js';

export interface LoggedIn {
  userId: string;
}

/** passport-local: email and password, throttled per account and address before the password is hashed. */
@Injectable()
export class LocalStrategy extends PassportStrategy(Strategy) {
  constructor(
    @Inject(DATABASE) private readonly dataSource: DataSource,
    private readonly throttle: AttemptThrottle,
  ) {
    super({ usernameField: 'email', passwordField: 'password', passReqToCallback: true });
  }

  async validate(request: FastifyRequest): Promise<LoggedIn> {
    // Guards run before pipes, so the schema is asked here.
    const parsed = LoginRequestSchema.safeParse(request.body);
    if (!parsed.success) throw validationError(parsed.error.issues);
    const { email, password } = parsed.data;
    const limits = loginLimits(email, request.ip);
    const waitSeconds = this.throttle.attempt(limits, Date.now());
    if (waitSeconds > 0) throw new CodedError('rate_limited', 'too many failed logins', { retryAfterSeconds: waitSeconds });
    const found = await new Users(this.dataSource.manager).findForLogin(email);
    if (!(await checkPassword(found?.passwordHash ?? null, password)) || found === null) throw new CodedError('invalid_credentials');
    this.throttle.forgive(limits);
    return { userId: found.userId };
  }
}

/** Runs the strategy; what it finds stands in `request.user`. */
@Injectable()
export class PasswordGuard extends AuthGuard('local') {
  override handleRequest<T>(error: unknown, user: T | false, _info: unknown, context: { switchToHttp(): { getRequest(): FastifyRequest } }): T {
    if (error !== null && error !== undefined) throw error;
    if (user !== false) return user;
    // passport-local fails before `validate` where a field is missing: the schema says which.
    const parsed = LoginRequestSchema.safeParse(context.switchToHttp().getRequest().body);
    throw parsed.success ? new CodedError('invalid_credentials') : validationError(parsed.error.issues);
  }
}
