import { createServer } from 'node:http';
import type { AddressInfo, Socket as TcpSocket } from 'node:net';
import { Server } from 'socket.io';
import { io as connect } from 'socket.io-client';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { LiveSocket } from '../../src/sockets/live-socket.ts';
import { together } from '../../src/sockets/together.ts';

/** A server, one client of it, and what the client hears. */
const connected = async (transport: 'websocket' | 'polling') => {
  const http = createServer();
  const io = new Server(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const arrives = new Promise<LiveSocket>((resolve) => io.on('connection', (socket) => resolve(socket as LiveSocket)));
  const { port } = http.address() as AddressInfo;
  const client = connect(`http://127.0.0.1:${port}`, { transports: [transport] });
  onTestFinished(async () => {
    client.close();
    await io.close();
  });
  const heard: string[] = [];
  client.onAny((event: string) => heard.push(event));
  return { socket: await arrives, client, heard };
};

const emitAll = (socket: LiveSocket, ...events: string[]) => {
  const { emit } = socket as unknown as { emit: (event: string) => boolean };
  for (const event of events) emit.call(socket, event);
};

test.each(['websocket', 'polling'] as const)('over %s everything arrives, in order', async (transport) => {
  const { socket, heard } = await connected(transport);
  for (let i = 0; i < 50; i += 1) together(socket, () => emitAll(socket, `${i} a`, `${i} b`));
  emitAll(socket, 'last');
  await vi.waitFor(() => expect(heard).toContain('last'), { timeout: 5_000, interval: 5 });
  expect(heard).toEqual([...Array.from({ length: 50 }, (_, i) => [`${i} a`, `${i} b`]).flat(), 'last']);
});

test('over a WebSocket it is one write', async () => {
  const { socket, heard } = await connected('websocket');
  const tcp = (socket.conn.transport as unknown as { socket: { _socket: TcpSocket } }).socket._socket;
  emitAll(socket, 'first');
  await vi.waitFor(() => expect(heard).toEqual(['first']), { timeout: 5_000, interval: 5 });
  const writes = vi.spyOn(tcp, '_writev');
  together(socket, () => emitAll(socket, 'a', 'b', 'c'));
  await vi.waitFor(() => expect(heard).toEqual(['first', 'a', 'b', 'c']), { timeout: 5_000, interval: 5 });
  expect(writes).toHaveBeenCalledTimes(1);
});

test('what is thrown while sending goes on, and what was sent before it arrives', async () => {
  const { socket, heard } = await connected('websocket');
  expect(() =>
    together(socket, () => {
      emitAll(socket, 'a');
      throw new Error('no');
    }),
  ).toThrow('no');
  emitAll(socket, 'b');
  await vi.waitFor(() => expect(heard).toEqual(['a', 'b']), { timeout: 5_000, interval: 5 });
});
