import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem } from 'node:os';
import process from 'node:process';
import { promisify } from 'node:util';

/** Where and with what a result came about. */
export interface Environment {
  date: string;
  /** Null outside a Git checkout. */
  commit: string | null;
  /** Whether files differed from that commit. */
  modified: boolean | null;
  cpu: string;
  cores: number;
  memory_gib: number;
  system: string;
  node: string;
  /** One-minute load average before the run. */
  load_before: number;
  /** Type of the file system that Rollcast's data were on. */
  data_filesystem: string;
}

/** Numbers that Linux gives its file systems. */
const FILESYSTEMS: Record<number, string> = {
  61267: 'ext',
  16914836: 'tmpfs',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  2035054128: 'overlay',
  801189825: 'zfs',
};

export async function readEnvironment(dataParent: string): Promise<Environment> {
  const { type } = await statfs(dataParent);
  const status = await git('status', '--porcelain');
  return {
    date: new Date().toISOString(),
    commit: await git('rev-parse', '--verify', 'HEAD'),
    modified: status === null ? null : status !== '',
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    load_before: loadavg()[0] ?? 0,
    data_filesystem: FILESYSTEMS[type] ?? `type 0x${type.toString(16)}`,
  };
}

async function git(...args: string[]): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('git', args, { cwd: import.meta.dirname });
    return stdout.trim();
  } catch {
    return null;
  }
}
