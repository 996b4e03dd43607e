/** Pieces that payloads of several events share. */
import { type TSchema, Type } from 'typebox';
import { ROLL_NUMBER, STATISTICS, STUDENT_NAME, TEACHER_NAME } from './examples.ts';
import { RequestId, SessionId } from './nouns.ts';

export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const Seq = Type.Integer({
  minimum: 0,
  description: 'Changes of this roll so far; +1 per accepted change',
  examples: [41],
});
export const RoomSeq = Type.Integer({
  minimum: 0,
  description: 'Changes that the whole room was told',
  examples: [12],
});
export const OwnSeq = Type.Integer({ minimum: 0, description: 'Changes of this student’s own record', examples: [1] });
export const Epoch = Type.String({
  description: 'Changes whenever the live store may have lost changes',
  examples: ['b7c0d9a41f'],
});
/** Of staff. */
export const Name = Type.String({ examples: [TEACHER_NAME] });
export const StudentName = Type.String({ examples: [STUDENT_NAME] });
export const RollNumber = Type.String({ examples: [ROLL_NUMBER] });
export const Version = Type.Integer({ examples: [1] });
/** Of students: of all on the roll, and of some of them. */
export const Total = Type.Integer({ examples: [STATISTICS.totalStudents] });
export const Count = Type.Integer({ examples: [28] });
export const Numbers = { seq: Seq, room_seq: RoomSeq };
export const InSession = { session_id: SessionId };
export const optionalRequest = { request_id: Type.Optional(RequestId) };
