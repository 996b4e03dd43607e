import { WebSocket } from 'ws';

/**
 * One client connection, speaking Engine.IO 4 and Socket.IO 5 by hand over a WebSocket: the load generator must cost
 * little, so it reads of a frame only what it has to. No frame is answered or retried for the caller but pings.
 */

/** What has reached all clients of this process, pings left out. */
export const received = { frames: 0, bytes: 0 };

export interface SocketOptions {
  /** `http://host:port` of the server. */
  url: string;
  namespace: string;
  token: string;
}

/** An event's frame; the JSON array `["name",payload]` begins at `start`. */
export type EventListener = (frame: Buffer, start: number) => void;

/** An acknowledgement's JSON array, as text: `[{"ok":true,…}]`. */
export type AckListener = (body: string) => void;

// First bytes of a frame: the Engine.IO packet type, and for a message the Socket.IO packet type after it.
const ENGINE_OPEN = 0x30;
const ENGINE_PING = 0x32;
const ENGINE_MESSAGE = 0x34;
const SOCKET_CONNECT = 0x30;
const SOCKET_DISCONNECT = 0x31;
const SOCKET_EVENT = 0x32;
const SOCKET_ACK = 0x33;
const SOCKET_CONNECT_ERROR = 0x34;
const ZERO = 0x30;
const NINE = 0x39;

export class LoadSocket {
  onEvent: EventListener = () => {};
  /** Called when the connection ends before `close` was called, and again by an `emit` after that. */
  onLost: (why: string) => void = () => {};
  readonly #connection: WebSocket;
  /** What stands between a message's type and its content: nothing on `/`, else `/name,`. */
  readonly #prefix: string;
  readonly #acks = new Map<number, AckListener>();
  #lastAck = 0;
  #lostBecause: string | undefined;

  constructor(connection: WebSocket, namespace: string) {
    this.#connection = connection;
    this.#prefix = namespace === '/' ? '' : `${namespace},`;
  }

  /** Sends an event and hears its acknowledgement once. */
  emit(event: string, payload: object, onAck: AckListener): void {
    if (this.#lostBecause !== undefined) {
      this.onLost(this.#lostBecause);
      return;
    }
    this.#lastAck += 1;
    this.#acks.set(this.#lastAck, onAck);
    this.#connection.send(`42${this.#prefix}${this.#lastAck}${JSON.stringify([event, payload])}`);
  }

  close(): void {
    this.onLost = () => {};
    this.#connection.close();
  }

  /** Resolves when the server has accepted this client in the namespace. */
  connected(token: string): Promise<this> {
    return new Promise((resolve, reject) => {
      this.onLost = (why) => reject(new Error(why));
      this.#connection.on('error', (error) => this.#lose(error.message));
      this.#connection.on('close', (code) => this.#lose(`connection closed (${code})`));
      this.#connection.on('message', (data) => {
        const frame = data as Buffer;
        if (frame[0] === ENGINE_MESSAGE && frame[1] === SOCKET_CONNECT) resolve(this);
        else if (frame[0] === ENGINE_OPEN) this.#connection.send(`40${this.#prefix}${JSON.stringify({ token })}`);
        else this.#read(frame);
      });
    });
  }

  #read(frame: Buffer): void {
    if (frame[0] === ENGINE_PING) this.#connection.send('3');
    if (frame[0] !== ENGINE_MESSAGE) return;
    received.frames += 1;
    received.bytes += frame.length;
    const start = 2 + this.#prefix.length;
    const type = frame[1];
    if (type === SOCKET_EVENT) this.onEvent(frame, start);
    else if (type === SOCKET_ACK) this.#acknowledge(frame, start);
    else if (type === SOCKET_DISCONNECT) this.#lose('disconnected by the server');
    else if (type === SOCKET_CONNECT_ERROR) this.#lose(`refused: ${frame.toString('utf8', start)}`);
  }

  #lose(why: string): void {
    this.#lostBecause = why;
    this.onLost(why);
  }

  #acknowledge(frame: Buffer, start: number): void {
    let id = 0;
    let at = start;
    for (let digit = frame[at]; digit !== undefined && digit >= ZERO && digit <= NINE; digit = frame[at]) {
      id = id * 10 + (digit - ZERO);
      at += 1;
    }
    const listener = this.#acks.get(id);
    this.#acks.delete(id);
    listener?.(frame.toString('utf8', at));
  }
}

/** Opens one connection, over WebSocket alone, and connects it to its namespace. */
export async function openSocket({ url, namespace, token }: SocketOptions): Promise<LoadSocket> {
  const connection = new WebSocket(`${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`, {
    perMessageDeflate: false,
    skipUTF8Validation: true,
  });
  return await new LoadSocket(connection, namespace).connected(token);
}

/** Whether an acknowledgement says that its event was accepted. */
export function accepted(body: string): boolean {
  if (body.startsWith('[{"ok":true')) return true;
  const [answer] = JSON.parse(body) as [{ ok?: unknown } | undefined];
  return answer?.ok === true;
}

/** Whether an acknowledgement says that its event may be sent again: the outcome is not known, and a repeat is harmless. */
export function mayBeSentAgain(body: string): boolean {
  return body.includes('"code":"STORE_UNAVAILABLE"');
}
