/** The device that somebody checks in from, as far as it says so itself. A signal, never proof of anything. */
import { createHmac } from 'node:crypto';

export type Device = {
  /** What an app calls itself in its handshake. */
  device_id: string | null;
  /** What this service has put into the browser's cookie. */
  cookie: string | null;
};

export const NO_DEVICE: Device = { device_id: null, cookie: null };

/** Longest device_id that is looked at. */
export const DEVICE_ID_MAX_CHARS = 128;

/** By all names that a device has. */
export const deviceNames = ({ device_id, cookie }: Device): string[] => [
  ...(device_id === null ? [] : [`device ${device_id}`]),
  ...(cookie === null ? [] : [`cookie ${cookie}`]),
];

const MARK_CHARS = 22;

/** A name under the roll's secret: it says that two are the same, and nothing once the secret is gone. */
export const hidden = (secret: string, name: string): string =>
  createHmac('sha256', secret).update(`device\n${name}`).digest('base64url').slice(0, MARK_CHARS);
