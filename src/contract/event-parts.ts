/** Pieces that payloads of several events share. */
import { type TSchema, Type } from 'typebox';
import { Id, RequestId } from './nouns.ts';

export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const Seq = Type.Integer({ minimum: 0, description: 'Changes of this roll so far; +1 per accepted change' });
export const RoomSeq = Type.Integer({ minimum: 0, description: 'Changes that the whole room was told' });
export const OwnSeq = Type.Integer({ minimum: 0, description: 'Changes of this student’s own record' });
export const Epoch = Type.String({ description: 'Changes whenever the live store may have lost changes' });
export const Name = Type.String();
export const Numbers = { seq: Seq, room_seq: RoomSeq };
export const InSession = { session_id: Id };
export const optionalRequest = { request_id: Type.Optional(RequestId) };
