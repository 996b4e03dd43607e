/** A server that says it is an old MongoDB: it answers every command with the same greeting, in the wire protocol. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { BSON } from 'mongodb';

const HEADER_BYTES = 16;
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;

const int32s = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeInt32LE(value, 4 * i);
  return bytes;
};

export class OldMongo {
  private readonly server: Server;
  private readonly maxWireVersion: number;
  private readonly sockets = new Set<Socket>();

  private constructor(maxWireVersion: number) {
    this.maxWireVersion = maxWireVersion;
    this.server = createServer((socket) => this.serve(socket));
  }

  static async start(maxWireVersion: number): Promise<OldMongo> {
    const it = new OldMongo(maxWireVersion);
    await once(it.server.listen(0, '127.0.0.1'), 'listening');
    return it;
  }

  get url(): string {
    const { port } = this.server.address() as { port: number };
    return `mongodb://ada:pa55word@127.0.0.1:${port}/school`;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    let pending = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= HEADER_BYTES && pending.length >= pending.readInt32LE(0)) {
        const message = pending.subarray(0, pending.readInt32LE(0));
        pending = pending.subarray(message.length);
        socket.write(this.answer(message.readInt32LE(4), message.readInt32LE(12)));
      }
    });
  }

  private answer(request: number, opcode: number): Buffer {
    const { maxWireVersion } = this;
    const document = BSON.serialize({
      ok: 1,
      isWritablePrimary: true,
      ismaster: true,
      minWireVersion: 0,
      maxWireVersion,
    });
    const body =
      opcode === OP_QUERY
        ? Buffer.concat([int32s(0, 0, 0, 0, 1), document])
        : Buffer.concat([int32s(0), Buffer.from([0]), document]);
    const length = HEADER_BYTES + body.length;
    return Buffer.concat([int32s(length, 1, request, opcode === OP_QUERY ? OP_REPLY : OP_MSG), body]);
  }
}
