/** A TCP proxy on the loopback interface, for what networks do to connections: delay, silence, resets. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-port.ts';

/** One direction of a connection: what comes in on one socket goes out on the other, later and in the same order. */
class OneWay {
  /** That went out. */
  bytes = 0;
  private readonly to: Socket;
  private readonly latency_ms: () => number;
  private readonly underway: { due: number; send: () => void }[] = [];
  private timer: NodeJS.Timeout | undefined;
  private frozen = false;
  private withheld: { what: RegExp; found: () => void } | null = null;
  private instead: (() => void) | null = null;

  constructor(from: Socket, to: Socket, latency_ms: () => number) {
    this.to = to;
    this.latency_ms = latency_ms;
    from.on('data', (chunk) => {
      if (this.instead === null) this.takeBytes(this.filtered(chunk));
      else this.instead();
    });
    from.on('end', () => this.take(() => this.to.end()));
    from.on('error', () => this.take(() => this.to.resetAndDestroy()));
  }

  freeze(): void {
    this.frozen = true;
    clearTimeout(this.timer);
  }

  resume(): void {
    this.frozen = false;
    this.pump();
  }

  /** Nothing more goes out. */
  drop(): void {
    this.freeze();
    this.underway.length = 0;
  }

  /** Goes out as if it had come in. */
  takeBytes(chunk: Buffer): void {
    this.take(() => {
      this.bytes += chunk.length;
      this.to.write(chunk);
    });
  }

  /** What comes in next does not go out; this happens instead. */
  dropNext(instead: () => void): void {
    this.instead = instead;
  }

  /** Resolves when this has come in, in one piece; it does not go out. */
  withhold(what: RegExp): Promise<void> {
    return new Promise((found) => {
      this.withheld = { what, found };
    });
  }

  private filtered(chunk: Buffer): Buffer {
    if (this.withheld === null) return chunk;
    const { what, found } = this.withheld;
    const text = chunk.toString('latin1');
    if (!what.test(text)) return chunk;
    this.withheld = null;
    found();
    return Buffer.from(text.replace(what, ''), 'latin1');
  }

  private take(send: () => void): void {
    this.underway.push({ due: performance.now() + this.latency_ms(), send });
    if (this.underway.length === 1) this.pump();
  }

  private pump(): void {
    clearTimeout(this.timer);
    for (let first = this.underway[0]; first !== undefined && !this.frozen; first = this.underway[0]) {
      const wait_ms = first.due - performance.now();
      if (wait_ms > 0) {
        this.timer = setTimeout(() => this.pump(), Math.ceil(wait_ms));
        return;
      }
      this.underway.shift();
      first.send();
    }
  }
}

export class ProxiedConnection {
  /** Counts the connections of the proxy in the order of their opening, from 0. */
  readonly number: number;
  private readonly client: Socket;
  private readonly server: Socket;
  private readonly toServer: OneWay;
  private readonly toClient: OneWay;

  constructor(number: number, client: Socket, server: Socket, latency_ms: () => number) {
    this.number = number;
    this.client = client;
    this.server = server;
    this.toServer = new OneWay(client, server, latency_ms);
    this.toClient = new OneWay(server, client, latency_ms);
    for (const socket of [client, server]) socket.setNoDelay();
  }

  /** The port from which the proxy speaks to the server: what the server takes for the client's. */
  get local_port(): number | undefined {
    return this.server.localPort;
  }

  /** What has passed, in bytes. */
  get passed(): { to_server: number; to_client: number } {
    return { to_server: this.toServer.bytes, to_client: this.toClient.bytes };
  }

  get isOpen(): boolean {
    return !this.client.closed || !this.server.closed;
  }

  /** It stays open on both sides and takes bytes, but nothing passes either way, its end neither. */
  freeze(): void {
    this.toServer.freeze();
    this.toClient.freeze();
  }

  /** What was held passes. */
  resume(): void {
    this.toServer.resume();
    this.toClient.resume();
  }

  /** Says something to the server in the client's name. Resolves when it has answered, which the client does not see. */
  async sayBehindItsBack(what: string, answer: RegExp): Promise<void> {
    const answered = this.toClient.withhold(answer);
    this.toServer.takeBytes(Buffer.from(what, 'latin1'));
    await answered;
  }

  /** The next thing that the server says is lost, and the connection with it: it was done, and nobody is told. */
  cutAtNextAnswer(): void {
    this.toClient.dropNext(() => this.cut());
  }

  /** Resets it on both sides; what was underway is lost. */
  cut(): void {
    for (const way of [this.toServer, this.toClient]) way.drop();
    for (const socket of [this.client, this.server]) socket.resetAndDestroy();
  }
}

export class TcpProxy {
  readonly port: number;
  /** Added to everything, each way; may be changed at any time. */
  latency_ms: number;
  private target: { port: number; host: string };
  private server: Server | null = null;
  private frozen = false;
  private opened = 0;
  private readonly all = new Set<ProxiedConnection>();

  private constructor(port: number, target: { port: number; host: string }, latency_ms: number) {
    this.port = port;
    this.target = target;
    this.latency_ms = latency_ms;
  }

  /** To a port of the loopback interface, unless a host is given. */
  static async start(
    target_port: number,
    { host = '127.0.0.1', latency_ms = 0 }: { host?: string; latency_ms?: number } = {},
  ): Promise<TcpProxy> {
    const proxy = new TcpProxy(await freePort(), { port: target_port, host }, latency_ms);
    await proxy.restore();
    return proxy;
  }

  /** Those that are open now, in the order of their opening. */
  get connections(): ProxiedConnection[] {
    return [...this.all];
  }

  /** Everything is held, of new connections too, until `resume`. */
  freeze(): void {
    this.frozen = true;
    for (const connection of this.all) connection.freeze();
  }

  resume(): void {
    this.frozen = false;
    for (const connection of this.all) connection.resume();
  }

  /** Resets all connections and refuses new ones until `restore`. */
  async cut(): Promise<void> {
    const { server } = this;
    this.server = null;
    server?.close();
    for (const connection of this.all) connection.cut();
    if (server !== null) await once(server, 'close');
  }

  async restore(): Promise<void> {
    if (this.server !== null) return;
    this.server = createServer({ allowHalfOpen: true }, (client) => this.open(client));
    await once(this.server.listen(this.port, '127.0.0.1'), 'listening');
  }

  /** New connections go to another port: what a load balancer does when a node has died. */
  redirect(port: number): void {
    this.target = { ...this.target, port };
  }

  stop(): Promise<void> {
    return this.cut();
  }

  private open(client: Socket): void {
    const server = connect({ ...this.target, allowHalfOpen: true });
    const connection = new ProxiedConnection(this.opened, client, server, () => this.latency_ms);
    this.opened += 1;
    this.all.add(connection);
    if (this.frozen) connection.freeze();
    for (const socket of [client, server]) {
      socket.once('close', () => {
        if (!connection.isOpen) this.all.delete(connection);
      });
    }
  }
}
