import { Body, Controller, Delete, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { LoginRequestSchema, RefreshRequestSchema, SessionSchema, type LoginRequest, type RefreshRequest, type SessionView } from '#contracts';
import { PasswordGuard, type LoggedIn } from './local.strategy.js';
import { Policy } from './policy.js';
import { Sessions } from './sessions.service.js';

@ApiTags('sessions')
@Controller('v1/sessions')
export class SessionsController {
  constructor(private readonly sessions: Sessions) {}

  @Post()
  @Policy.public()
  @UseGuards(PasswordGuard)
  @ApiCreatedResponse({ standardSchema: SessionSchema })
  logIn(@Body({ schema: LoginRequestSchema }) _body: LoginRequest, @Req() request: { user: LoggedIn }): Promise<SessionView> {
    return this.sessions.start(request.user.userId);
  }

  @Post('refresh')
  @HttpCode(200)
  @Policy.public()
  @ApiOkResponse({ standardSchema: SessionSchema })
  refreshSession(@Body({ schema: RefreshRequestSchema }) body: RefreshRequest): Promise<SessionView> {
    return this.sessions.refresh(body.refreshToken);
  }

  /** The refresh token is the proof, so that a client whose access token has expired can still log out. */
  @Delete()
  @HttpCode(204)
  @Policy.public()
  @ApiNoContentResponse()
  async logOut(@Body({ schema: RefreshRequestSchema }) body: RefreshRequest): Promise<void> {
    await this.sessions.end(body.refreshToken);
  }
}
