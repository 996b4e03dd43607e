/** The sockets as this service types them: their events from the contract, and what a node keeps about each. */
import type { Namespace, Server, Socket } from 'socket.io';
import type { ClientToServerEvents, ServerToClientEvents } from '../contract/events.ts';
import type { Device } from '../domain/device.ts';
import type { Actor } from '../domain/policy.ts';
import type { EventAllowance } from './event-allowance.ts';

/** Nodes tell each other nothing through Socket.IO itself. */
type NodeEvents = Record<never, never>;

export type SocketData = {
  actor: Actor;
  device: Device;
  /** Sessions that this socket hears, and as what. */
  sessions: Map<string, 'staff' | 'student'>;
  courses: Set<string>;
  allowance: EventAllowance;
};

export type LiveServer = Server<ClientToServerEvents, ServerToClientEvents, NodeEvents, SocketData>;
export type LiveNamespace = Namespace<ClientToServerEvents, ServerToClientEvents, NodeEvents, SocketData>;
export type LiveSocket = Socket<ClientToServerEvents, ServerToClientEvents, NodeEvents, SocketData>;
