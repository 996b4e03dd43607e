/** The forms of query that the dashboard is made of, each right for one node and for many. */

/** The nodes chosen above the dashboard. Where targets have no namespace, "All" leaves it open. */
export const M = 'job=~"$job", namespace=~"$namespace", instance=~"$instance"';

/** HTTP requests of people and their systems: not what orchestrators and Prometheus ask every few seconds. */
export const OF_PEOPLE = 'route!~"/livez|/readyz|/metrics"';

const matching = (more: string): string => (more === '' ? M : `${M}, ${more}`);
const grouped = (by: string): string => (by === '' ? '' : ` by (${by})`);

/** A counter of each node: how much a second, over all nodes or by these labels. */
export const perSecond = (counter: string, more = '', by = ''): string =>
  `sum${grouped(by)} (rate(${counter}{${matching(more)}}[$__rate_interval]))`;

/** The same of what is rare: how often in each step of the graph. */
export const times = (counter: string, more = '', by = ''): string =>
  `sum${grouped(by)} (increase(${counter}{${matching(more)}}[$__rate_interval]))`;

/** Of a histogram, over the observations of all nodes: a mean of the nodes' quantiles would mean nothing. */
export const quantile = (q: number, histogram: string, more = '', by = ''): string => {
  const labels = by === '' ? 'le' : `le, ${by}`;
  return `histogram_quantile(${q}, sum by (${labels}) (rate(${histogram}_bucket{${matching(more)}}[$__rate_interval])))`;
};

/** What every node reads from the store that all share, each a little later than the other. */
export const shared = (gauge: string): string => `max(${gauge}{${M}})`;

/** A gauge of each node. */
export const ofEachNode = (gauge: string, more = '', by = ''): string =>
  `max by (${by === '' ? 'instance' : `instance, ${by}`}) (${gauge}{${matching(more)}})`;
