/** Whether a container engine answers on this machine. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

/** One that does not answer by then is as good as none. */
const ANSWERS_WITHIN_MS = 2_000;

/** Without loading the library when there cannot be one. */
export const containerEngineAnswers = async (): Promise<boolean> => {
  const { DOCKER_HOST, XDG_RUNTIME_DIR = '' } = process.env;
  const sockets = ['/var/run/docker.sock', `${XDG_RUNTIME_DIR}/docker.sock`, `${homedir()}/.docker/run/docker.sock`];
  if (DOCKER_HOST === undefined && !sockets.some((it) => existsSync(it))) return false;
  const { getContainerRuntimeClient } = await import('testcontainers');
  const answers = getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
  return Promise.race([answers, pause(ANSWERS_WITHIN_MS, false, { ref: false })]);
};
