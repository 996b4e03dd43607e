/** Finds programs that come from the system's packages. */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/** Where Debian and others put servers; not on everybody's path. */
const SERVER_DIRECTORIES = ['/usr/sbin', '/usr/local/sbin'];

/** The whole path of a program, or null when this machine does not have it. */
export const installed = (program: string): string | null => {
  const directories = [...(process.env.PATH ?? '').split(path.delimiter), ...SERVER_DIRECTORIES];
  return directories.map((it) => path.join(it || '.', program)).find(canRun) ?? null;
};

const canRun = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
