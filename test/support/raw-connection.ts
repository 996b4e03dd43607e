/** Socket.IO frames written by hand over a plain WebSocket: for frames that no client library would send. */
import WebSocket from 'ws';
import { until } from './until.ts';

export class RawConnection {
  readonly socket: WebSocket;
  /** Text frames received, without pings. */
  readonly frames: string[] = [];
  closed: { code: number } | null = null;

  private constructor(url: string, headers: Record<string, string>) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`, {
      headers,
      perMessageDeflate: false,
    });
    this.socket.on('message', (data, isBinary) => {
      if (isBinary) return;
      const text = String(data);
      if (text === '2') this.socket.send('3');
      else this.frames.push(text);
    });
    this.socket.on('close', (code) => {
      this.closed = { code };
    });
    this.socket.on('error', () => {
      // The close that follows is what tests look at.
    });
  }

  /** Resolves when the WebSocket is open; rejects with the HTTP status that refused the upgrade. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<RawConnection> {
    const raw = new RawConnection(url, headers);
    await new Promise<void>((resolve, reject) => {
      raw.socket.once('open', () => resolve());
      raw.socket.once('unexpected-response', (_request, answer) => {
        reject(new Error(`refused with ${answer.statusCode}`));
        answer.destroy();
      });
      raw.socket.once('error', reject);
    });
    return raw;
  }

  /** Open, and connected to a namespace with this token. */
  static async connect(url: string, token: string, namespace: '/' | '/attendance' = '/'): Promise<RawConnection> {
    const raw = await RawConnection.open(url);
    const prefix = namespace === '/' ? '' : `${namespace},`;
    raw.socket.send(`40${prefix}${JSON.stringify({ token })}`);
    await raw.receives(`40${prefix}`);
    return raw;
  }

  /** A text frame as it is. */
  send(frame: string | Buffer): void {
    this.socket.send(frame);
  }

  /** An event with an acknowledgement id; resolves with what it was answered. */
  async ask(id: number, event: string, payload: unknown): Promise<Record<string, unknown>> {
    this.send(`42${id}${JSON.stringify([event, payload])}`);
    return this.acknowledged(id);
  }

  async acknowledged(id: number): Promise<Record<string, unknown>> {
    const prefix = `43${id}[`;
    const frame = await this.receives(prefix);
    return (JSON.parse(frame.slice(prefix.length - 1)) as Record<string, unknown>[])[0] ?? {};
  }

  receives(prefix: string): Promise<string> {
    return until(`a frame that begins with ${prefix}`, () => this.frames.find((it) => it.startsWith(prefix)));
  }

  isClosed(): Promise<{ code: number }> {
    return until('the connection is closed', () => this.closed);
  }

  end(): void {
    this.socket.terminate();
  }
}
