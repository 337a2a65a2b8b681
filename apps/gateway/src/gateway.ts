import 'reflect-metadata';
import { createSecretKey } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StandardSchemaValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { CodedError, newId } from '#contracts';
import { Install, openDataSource, OperationFeed, withTransaction } from '#persistence';
import { loadOrCreateSeed, makeIdentity } from '#sdk';
import { Compiler } from './compiler/compiler.js';
import { GatewayModule } from './gateway.module.js';
import { NestLogger } from './http/logger.js';
import type { Route } from './http/methods.rules.js';
import { describeApi, OpenApiDocument } from './http/openapi.js';
import { ProblemFilter, sendProblem } from './http/problem.filter.js';
import { validationError } from './http/problem.rules.js';
import { Feeds } from './rpc/feed/feeds.js';
import { FilterStore } from './rpc/filters/filter-store.js';
import { RpcForwarder } from './rpc/forwarder.js';
import { takeKeyFromPath } from './rpc/key-in-path.js';
import { OwnCalls } from './rpc/own-calls.js';
import { RpcAccess } from './rpc/rpc-access.js';
import { registerRpc } from './rpc/rpc-http.js';
import { RpcWebSockets } from './rpc/rpc-websocket.js';
import { Upstreams } from './rpc/upstreams.js';
import type { GatewaySettings } from './settings.js';

const BODY_LIMIT_BYTES = 1024 * 1024;
/** How long a stop waits for requests under way and for clients that take their time to close. */
const DRAIN_MS = 3_000;

export interface Gateway {
  app: NestFastifyApplication;
  fastify: FastifyInstance;
  /** Binds and answers the URL. */
  listen(): Promise<string>;
  /** Takes no more requests, finishes those under way, closes everything. */
  close(): Promise<void>;
}

function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function isJson(contentType: string | undefined): boolean {
  return /^application\/(json|[\w.-]+\+json)\s*(;|$)/i.test(contentType ?? '');
}

function createFastify(settings: GatewaySettings, logger: Logger, onRoute: (route: Route) => void): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    genReqId: () => newId('request'),
    forceCloseConnections: 'idle',
    rewriteUrl: (request: IncomingMessage) => {
      takeKeyFromPath(request);
      return request.url ?? '/';
    },
    ...(settings.trustedProxies.length === 0 ? {} : { trustProxy: settings.trustedProxies }),
  });
  const fastify = adapter.getInstance();
  fastify.addHook('onRoute', (route) => onRoute({ method: route.method, url: route.url }));
  fastify.addHook('onRequest', (request, reply, next) => {
    // Fastify's own logging of every request stays off; what we log goes to one logger and names the request's id.
    request.log = logger;
    void reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
    // A form, which is what `curl -d` sends by itself, would be read as one strange field, and its content repeated in the complaint.
    if (request.url.startsWith('/v1/') && hasBody(request.headers) && !isJson(request.headers['content-type'])) {
      return sendProblem(new CodedError('unsupported_media_type', 'The body must be JSON: send the header content-type: application/json.'), request, reply);
    }
    next();
  });
  fastify.addHook('onResponse', (request, reply, next) => {
    logger.debug({ requestId: request.id, method: request.method, route: request.routeOptions.url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, 'answered');
    next();
  });
  return adapter;
}

/**
 * Opens the stores and builds the application.
 * @param onRoute is told every route that is registered, so that a test can walk them all
 * @throws Error where the database role could see past its tenant
 */
export async function createGateway(settings: GatewaySettings, logger: Logger, onRoute: (route: Route) => void = () => undefined): Promise<Gateway> {
  const identity = await makeIdentity(loadOrCreateSeed(settings.home, 'gateway'));
  const tokenKey = createSecretKey(loadOrCreateSeed(settings.home, 'access-token'));
  const dataSource = await openDataSource(settings.databaseUrl, { applicationName: 'stele-gateway', poolSize: 20 });
  const feed = new OperationFeed(dataSource, settings.databaseUrl);
  const upstreams = new Upstreams(identity);
  const forwarder = new RpcForwarder(upstreams);
  try {
    await feed.start();
    await withTransaction(dataSource, (manager) => new Install(manager).publishGatewayKey(`0x${Buffer.from(identity.publicKey).toString('hex')}`));
    const routes: Route[] = [];
    const adapter = createFastify(settings, logger, (route) => {
      routes.push(route);
      onRoute(route);
    });
    const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.with({ dataSource, feed, tokenKey, forwarder, compiler: new Compiler(settings) }), adapter, { logger: new NestLogger(logger), abortOnError: false });
    app.useGlobalFilters(new ProblemFilter(routes));
    app.useGlobalPipes(new StandardSchemaValidationPipe({ exceptionFactory: validationError }));
    if (settings.corsOrigins.length > 0) app.enableCors({ origin: settings.corsOrigins, exposedHeaders: ['location', 'x-request-id', 'retry-after'] });
    const fastify = adapter.getInstance() as unknown as FastifyInstance;
    const access = app.get(RpcAccess);
    const feeds = new Feeds(upstreams, logger);
    const filters = new FilterStore(feeds);
    const calls = new OwnCalls(forwarder, filters, logger);
    registerRpc(fastify, access, calls);
    const sockets = new RpcWebSockets({ access, upstreams, forwarder, feeds, calls }, logger);
    sockets.attach(fastify.server);
    await app.init();
    app.get(OpenApiDocument).current = describeApi(app);
    return {
      app,
      fastify,
      listen: async () => {
        await app.listen(settings.port, settings.host);
        const { port } = fastify.server.address() as AddressInfo;
        return `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}`;
      },
      close: async () => {
        sockets.close();
        // Ends the event streams; what else is under way may finish, within bounds.
        await feed.close();
        const impatient = setTimeout(() => {
          sockets.terminate();
          fastify.server.closeAllConnections();
        }, DRAIN_MS);
        await app.close();
        clearTimeout(impatient);
        sockets.terminate();
        filters.close();
        feeds.close();
        await upstreams.close();
        await dataSource.destroy();
      },
    };
  } catch (error) {
    await upstreams.close();
    await feed.close();
    await dataSource.destroy();
    throw error;
  }
}
