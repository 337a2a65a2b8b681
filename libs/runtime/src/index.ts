/** Runtime drivers: where nodes run. See `port.ts` for the contract. */
export * from './port.js';
export { RuntimeError, isRuntimeError, type RuntimeErrorCode } from './errors.js';
export { egressNetworkName, networkName, nodeName, specHash, volumeName } from './names.js';
export { egressSubnet, pickSubnet } from './subnets.js';
export { createDockerRuntime, type DockerRuntimeOptions } from './docker/docker-runtime.js';
export type { DockerConnection } from './docker/engine.js';
export { type NodeImage, NodeImageBuilder } from './image/node-image.js';
export { chooseNodeBinary, type NodeBinary } from './image/files.js';
export { createProcessRuntime, PROCESS_WARNING, type ProcessRuntimeOptions } from './process/process-runtime.js';
export { createFakeRuntime, type FakeRuntimeOptions } from './fake/fake-runtime.js';
export { crashFakeNode, createFakeSite, type FakeNode, type FakeSite } from './fake/fake-site.js';
export { type Fault, faultAt, type FaultPlan, randomFaults } from './fake/faults.js';
