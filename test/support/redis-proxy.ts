/** A proxy before a Redis server, whose connections a test can tell apart by the names that their clients gave them. */
import { redisCommand } from './redis-command.ts';
import { type ProxiedConnection, TcpProxy } from './tcp-proxy.ts';

export type RedisProxy = {
  proxy: TcpProxy;
  /** What clients are given. */
  url: string;
  /** The open connections whose client calls itself so (`CLIENT SETNAME`); asks the server, past the proxy. */
  named: (name: string) => Promise<ProxiedConnection[]>;
};

export const startRedisProxy = async (server_url: string, latency_ms = 0): Promise<RedisProxy> => {
  const server = new URL(server_url);
  const proxy = await TcpProxy.start(Number(server.port), { host: server.hostname, latency_ms });
  const url = new URL(server_url);
  url.host = `127.0.0.1:${proxy.port}`;
  return {
    proxy,
    url: url.href,
    named: async (name) => {
      const clients = (await redisCommand(server_url, 'CLIENT', 'LIST')) as string;
      const ports = clients
        .split('\n')
        .filter((line) => line.includes(` name=${name} `))
        .map((line) => Number(/ addr=\S*:(\d+) /.exec(line)?.[1]));
      return proxy.connections.filter(({ local_port }) => ports.includes(local_port ?? -1));
    },
  };
};
