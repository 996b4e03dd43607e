/**
 * Both ends of the Socket.IO adapter. It takes whoever has an sSubscribe for a client of the `redis` package, for
 * publishing too, and calls nothing but these three (and PUBSUB for fetchSockets and broadcasts with acknowledgements,
 * which ask every node and are used nowhere).
 */
import type { MessageHandler } from './channel.ts';
import type { ChannelSubscriber } from './channel-subscriber.ts';
import type { PublishLink } from './publish-link.ts';

export type AdapterClient = {
  sSubscribe(channel: string, handler: MessageHandler, bytes?: true): Promise<void>;
  sUnsubscribe(channels: string | string[]): Promise<void>;
  sPublish(channel: string, message: string | Buffer): Promise<number>;
};

export const adapterClient = (publish: PublishLink, subscriber: ChannelSubscriber): AdapterClient => ({
  sSubscribe: (channel, handler, bytes) => subscriber.sSubscribe(channel, handler, bytes),
  sUnsubscribe: (channels) => subscriber.sUnsubscribe(channels),
  sPublish: (channel, message) => publish.sPublish(channel, message),
});
