import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import process from 'node:process';

/** Microseconds of user and system time of this whole process, all its threads, since it started. */
export function processCpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/**
 * Microseconds that all cores of this machine together have been busy since it started, in steps of about 10 ms. Time
 * that a hypervisor took away counts as busy: whatever took it, it was not ours to use.
 */
export function machineCpuMicros(): number {
  let busyMs = stolenMs();
  for (const { times } of cpus()) busyMs += times.user + times.nice + times.sys + times.irq;
  return busyMs * 1000;
}

/** Known on Linux only, elsewhere 0. */
function stolenMs(): number {
  if (process.platform !== 'linux') return 0;
  // The first line is the sum over all cores, in ticks of 10 ms; "stolen" is its eighth number.
  const [, , , , , , , , stolen] = readFileSync('/proc/stat', 'utf8').split(/\s+/, 9);
  return Number(stolen) * 10;
}

/** One look at how busy the machine is takes this long. */
const LOOK_MS = 250;
/** As much as idle connections and a desktop's background take. */
const CALM_CORES = 0.15;

/**
 * Resolves when the machine has been as good as idle for `calmMs`, or after `mostMs`, however busy it is. `ownCores`: what
 * open connections that wait for their turn are known to take.
 */
export async function untilCalm(calmMs: number, mostMs: number, ownCores = 0): Promise<void> {
  const lookMs = Math.min(LOOK_MS, calmMs);
  const begin = performance.now();
  let calmFor = 0;
  while (calmFor < calmMs && performance.now() - begin < mostMs) {
    const before = machineCpuMicros();
    await new Promise((resolve) => setTimeout(resolve, lookMs));
    const cores = (machineCpuMicros() - before) / (lookMs * 1000);
    calmFor = cores <= CALM_CORES + ownCores ? calmFor + lookMs : 0;
  }
}
