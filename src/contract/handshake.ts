/** What a client says of itself when it connects: the `auth` of the Socket.IO handshake. */
import { Type } from 'typebox';
import { clientEvents } from './client-events.ts';
import type { ErrorCode } from './errors.ts';
import { TicketRequest } from './rest-shapes.ts';

const { token } = clientEvents.refreshToken.payload.properties;
const { device_id } = TicketRequest.properties;

export const HandshakeAuth = Type.Object({ token, device_id });

/** `data.code` of the connect_error that refuses a connection. */
export const HANDSHAKE_REFUSALS = [
  'TOKEN_MISSING',
  'TOKEN_INVALID',
  'TOKEN_EXPIRED',
  'FORBIDDEN',
] as const satisfies ErrorCode[];
