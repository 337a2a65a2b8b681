/** What the probe of `verifyHardening` prints about itself, as one line of JSON. */
export interface ProbeOutput {
  uid: number;
  gid: number;
  groups: number[];
  /** Lines of /proc/self/status by name. */
  status: Record<string, string>;
  /** Soft and hard limit of open files. */
  files: string;
  rootWritable: boolean;
  dataWritable: boolean;
  tmpWritable: boolean;
  /** Contents of the cgroup files that hold the limits, whichever version of cgroups the engine has; '' when none is there. */
  memoryMax: string;
  pidsMax: string;
  cpuMax: string;
}

/** Looks at its own restrictions from inside. May use nothing from outside itself but what it is given. */
export function probeMain(fs: typeof import('node:fs')): void {
  const read = (...paths: string[]): string => {
    for (const path of paths) {
      if (fs.existsSync(path)) return fs.readFileSync(path, 'utf8').trim();
    }
    return '';
  };
  const writable = (path: string): boolean => {
    try {
      fs.writeFileSync(path, 'probe');
      fs.rmSync(path);
      return true;
    } catch {
      return false;
    }
  };
  const status: Record<string, string> = {};
  for (const line of read('/proc/self/status').split('\n')) {
    const at = line.indexOf(':');
    if (at > 0) status[line.slice(0, at)] = line.slice(at + 1).trim();
  }
  const output: ProbeOutput = {
    uid: process.getuid?.() ?? -1,
    gid: process.getgid?.() ?? -1,
    groups: process.getgroups?.() ?? [],
    status,
    files: /Max open files\s+(\S+\s+\S+)/.exec(read('/proc/self/limits'))?.[1] ?? '',
    rootWritable: writable('/probe') || writable('/app/probe') || writable('/etc/probe'),
    dataWritable: writable('/data/probe'),
    tmpWritable: writable('/tmp/probe'),
    memoryMax: read('/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'),
    pidsMax: read('/sys/fs/cgroup/pids.max', '/sys/fs/cgroup/pids/pids.max'),
    cpuMax: read('/sys/fs/cgroup/cpu.max', '/sys/fs/cgroup/cpu/cpu.cfs_quota_us'),
  };
  process.stdout.write(JSON.stringify(output) + '\n');
}

/** The program as one file of CommonJS. */
export const PROBE_PROGRAM = `(${probeMain.toString()})(require('node:fs'));\n`;
