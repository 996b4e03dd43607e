import { RollcastError } from 'rollcast/client';

/** Checks in, and says in words how it went. */
export const checkIn = async (session, code) => {
  try {
    const { status } = await session.join(code ? { code } : {});
    return `You are ${status}.`;
  } catch (error) {
    if (!(error instanceof RollcastError)) throw error;
    switch (error.code) {
      case 'CHECKIN_CODE_REQUIRED':
        return 'Type the code that your teacher shows.';
      case 'CHECKIN_CODE_INVALID':
        return 'That is not the code of this moment. Look again.';
      case 'RATE_LIMITED':
        return `Too many wrong codes. Wait ${Math.ceil(error.retry_after_ms / 1000)} seconds.`;
      case 'CHECKIN_NOT_OPEN':
        return `Check-in opens at ${new Date(error.opens_at).toLocaleTimeString()}.`;
      default:
        return error.message;
    }
  }
};
