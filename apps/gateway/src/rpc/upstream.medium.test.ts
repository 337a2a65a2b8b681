import { randomBytes } from 'node:crypto';
import { makeIdentity } from '#sdk';
import { TestNode } from '../../testing/test-node.js';
import { CallTookTooLong, Upstream } from './upstream.js';

const NAME = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"name","params":[]}');

it('blames no node for a call that takes too long, but for not answering a probe', async () => {
  const node = await TestNode.start('a', null);
  const upstream = new Upstream({ nodeId: 'nod_1', publicKey: node.publicKey, endpoints: [node.endpoint] }, await makeIdentity(randomBytes(32)), 300);
  expect((await upstream.call(NAME)).status).toBe(200);
  node.hanging = true;
  await expect(upstream.call(NAME)).rejects.toBeInstanceOf(CallTookTooLong);
  expect(upstream.health.failures).toBe(0);
  await upstream.probe();
  expect(upstream.health.failures).toBe(1);
  await upstream.close();
  await node.kill();
});
