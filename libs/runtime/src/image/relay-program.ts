/**
 * The relay of a chain at one site (docs/adr/0003): listens on the chain's own network and copies bytes to a fixed list of
 * peers at other sites. What passes is TLS between nodes, whose keys the relay does not have. Runs in a container of its own
 * from the node image; therefore this function may use nothing from outside itself but what it is given.
 *
 * Environment: RELAY_SUBNET, the chain's subnet as CIDR: it listens on its own address in there and nowhere else;
 * RELAY_ROUTES, JSON `[{ listen, host, port }]`.
 */
export function relayMain(net: typeof import('node:net'), os: typeof import('node:os'), env: NodeJS.ProcessEnv): void {
  const MAX_CONNECTIONS_PER_ROUTE = 256;
  const routes = JSON.parse(env['RELAY_ROUTES'] ?? '[]') as { listen: number; host: string; port: number }[];
  const [base = '', bits = ''] = (env['RELAY_SUBNET'] ?? '').split('/');
  const inside = new net.BlockList();
  inside.addSubnet(base, Number(bits));
  const own = Object.values(os.networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find((address) => address.family === 'IPv4' && inside.check(address.address));
  if (own === undefined) throw new Error('The relay has no address in ' + String(env['RELAY_SUBNET']));
  for (const route of routes) {
    const server = net.createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
      const far = net.connect({ host: route.host, port: route.port, noDelay: true, allowHalfOpen: true });
      const end = (): void => {
        near.destroy();
        far.destroy();
      };
      near.setKeepAlive(true, 15_000);
      far.setKeepAlive(true, 15_000);
      near.on('error', end).on('close', end).pipe(far);
      far.on('error', end).on('close', end).pipe(near);
    });
    server.maxConnections = MAX_CONNECTIONS_PER_ROUTE;
    server.listen(route.listen, own.address);
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));
}

/** The program as one file of CommonJS. */
export const RELAY_PROGRAM = `(${relayMain.toString()})(require('node:net'), require('node:os'), process.env);\n`;
