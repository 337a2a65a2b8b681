import { randomBytes } from 'node:crypto';
import type Docker from 'dockerode';
import { RuntimeError } from '../errors.js';
import { NODE_BINARY, NODE_UID, PROBE } from '../image/files.js';
import type { ProbeOutput } from '../image/probe-program.js';
import type { HardeningReport, NodeLimits } from '../port.js';
import { hardenedHostConfig, labelsOf } from './container-spec.js';
import { failed, insideChecks, inspectionChecks } from './hardening.js';
import { textOfFrames } from './observe.js';

/** Not the defaults: a number that an engine has by itself would prove nothing. */
const PROBE_LIMITS: NodeLimits = { memoryBytes: 192 * 1024 * 1024, cpus: 0.75, pids: 97, files: 2345 };

function parse(text: string, exitCode: number): ProbeOutput {
  const line = text.trim().split('\n').at(-1) ?? '';
  if (exitCode !== 0 || !line.startsWith('{')) throw new RuntimeError('Hardening', `The probe could not run in a restricted container (exit ${exitCode}): ${text.slice(-500)}`);
  return JSON.parse(line) as ProbeOutput;
}

/** Runs the probe program under the restrictions of a node, and compares what engine and program see with what was asked for. */
export async function probeHardening(docker: Docker, installId: string, image: string): Promise<HardeningReport> {
  const name = `stele-${installId}-probe-${randomBytes(4).toString('hex')}`;
  const host = hardenedHostConfig(PROBE_LIMITS);
  const container = await docker.createContainer({
    name,
    Image: image,
    Entrypoint: [NODE_BINARY, PROBE],
    Cmd: [],
    User: `${NODE_UID}:${NODE_UID}`,
    Labels: labelsOf(installId, 'probe'),
    HostConfig: { ...host, RestartPolicy: { Name: 'no' }, NetworkMode: 'none', Mounts: [{ Type: 'volume', Source: `${name}-data`, Target: '/data', VolumeOptions: { NoCopy: false, Labels: labelsOf(installId, 'probe'), DriverConfig: { Name: 'local', Options: {} } } }] },
  });
  try {
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    const info = await container.inspect();
    const text = textOfFrames(await container.logs({ stdout: true, stderr: true, tail: 50 }));
    const checks = [...inspectionChecks(info, PROBE_LIMITS, ['none']), ...insideChecks(parse(text, StatusCode), PROBE_LIMITS)];
    const dropped = failed(checks);
    return { ok: dropped.length === 0, dropped, checked: checks.map(([check]) => check) };
  } finally {
    await container.remove({ force: true });
    await docker.getVolume(`${name}-data`).remove();
  }
}
