/** Which nodes the balancer of haproxy.cfg uses: what it says of them on its own page. */

export type NodeState = {
  /** It sends clients there. What it has not looked at yet is not up here, though HAProxy would use it. */
  isUp: boolean;
};

const ANSWER_WITHIN_MS = 1_000;
/** With a star before it while the next check is under way. */
const PASSED = /^(\* )?L7OK$/;

/** In their order. Rejects while the balancer does not answer. status_url: of its own page. */
export const nodeStates = async (status_url: string): Promise<NodeState[]> => {
  const response = await fetch(`${status_url}/;csv`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  const lines = (await response.text()).split('\n').map((it) => it.split(','));
  const [names = []] = lines;
  const column = (line: string[], name: string) => line[names.indexOf(name)];
  return lines
    .filter(([backend, server]) => backend === 'nodes' && server !== 'BACKEND')
    .map((it) => ({ isUp: column(it, 'status') === 'UP' && PASSED.test(column(it, 'check_status') ?? '') }));
};
