/** /metrics on a port of its own (METRICS_PORT), so that it need not be reachable from where clients are. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type MetricsServer = {
  listen(): Promise<{ port: number }>;
  close(): Promise<void>;
};

export const metricsServer = (
  { host, port }: { host: string; port: number },
  contentType: string,
  text: () => Promise<string>,
): MetricsServer => {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    text().then(
      (body) => response.writeHead(200, { 'content-type': contentType }).end(body),
      () => response.writeHead(500).end(),
    );
  });
  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => resolve({ port: (server.address() as AddressInfo).port }));
      }),
    close: async () => {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
};
